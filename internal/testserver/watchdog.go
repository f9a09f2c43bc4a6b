package testserver

import (
	"fmt"
	"io"
	"maps"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// watchdog is a shell that outlives the test process, however that ends. It reads from a pipe which processes
// there are, and when the pipe is closed, as the kernel does for a process that has been killed, it ends them
// and removes the folder.
type watchdog struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser

	mu      sync.Mutex
	running map[int]syscall.Signal // by process group; the signal ends it at once, 0 waits for it
}

// watchdogScript reads lines of "signal:group" pairs, each line the whole truth. PostgreSQL gives its children
// five seconds to end before it kills them; after eight, so does this. A process that has ended, and whose new
// parent has not looked at it yet, is in /proc with the state Z.
const watchdogScript = `
while read -r line; do groups=$line; done
signal() {
	for g in $groups; do
		kill -s "${1:-${g%%:*}}" -- "-${g#*:}"
		kill -s CONT -- "-${g#*:}" # one that is stopped hears nothing else
	done
}
alive() {
	for g in $groups; do
		kill -s 0 "${g#*:}" || continue
		stat=; read -r stat <"/proc/${g#*:}/stat"
		case ${stat##*) } in Z*) ;; *) return 0 ;; esac
	done
	return 1
}
signal ''
tries=0
while alive && [ $tries -lt 800 ]; do
	tries=$((tries + 1))
	sleep 0.01 || { sleep 1; tries=$((tries + 99)); }
done
signal KILL
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

// signalNames are what POSIX has kill take; numbers are an extension. 0 is no signal: what ends soon by itself
// is waited for.
var signalNames = map[syscall.Signal]string{0: "0", syscall.SIGQUIT: "QUIT", syscall.SIGKILL: "KILL"}

func startWatchdog(dir string) (*watchdog, error) {
	w := &watchdog{
		cmd:     exec.Command("/bin/sh", "-c", watchdogScript, "watchdog", dir),
		running: make(map[int]syscall.Signal),
	}
	w.cmd.Dir = "/" // so that it keeps no folder busy
	detach(w.cmd)
	var err error
	if w.stdin, err = w.cmd.StdinPipe(); err == nil {
		err = w.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the watchdog of test servers: %w", err)
	}
	return w, nil
}

func (w *watchdog) add(group int, ending syscall.Signal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[group] = ending
	w.tell()
}

func (w *watchdog) remove(group int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, group)
	w.tell()
}

// tell writes less than what a pipe takes at once, so that a line arrives whole or not at all.
func (w *watchdog) tell() {
	var line strings.Builder
	for group, ending := range w.running {
		fmt.Fprintf(&line, "%s:%d ", signalNames[ending], group)
	}
	// Fails when the watchdog has ended, as it does in the end; Shutdown then does its work.
	_, _ = io.WriteString(w.stdin, line.String()+"\n")
}

func (w *watchdog) all() map[int]syscall.Signal {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.running)
}

// finish has the watchdog do what it is there for, and returns when it has.
func (w *watchdog) finish() error {
	w.stdin.Close()
	done := make(chan error, 1)
	go func() { done <- w.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("the watchdog of test servers: %w", err)
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("the watchdog of test servers does not end within %v", patience)
	}
}

//go:build unix

package testserver

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helper is a process with two running servers, all of whose files are in dir.
type helper struct {
	t     *testing.T
	dir   string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader

	pids []int // of the servers, their children and the watchdog
}

func startHelper(t *testing.T, how string, change func(*helper)) *helper {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &helper{t: t, dir: openDir(t), cmd: exec.Command(program)}
	h.cmd.Env = append(os.Environ(), "TESTSERVER_ENDS="+how, "TMPDIR="+h.dir, "PATCHBAY_TEST_SUMMARY=")
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	h.cmd.Stderr = io.Discard // a panic says a lot
	if change != nil {
		change(h)
	}
	h.stdin, _ = h.cmd.StdinPipe()
	stdout, _ := h.cmd.StdoutPipe()
	h.out = bufio.NewReader(stdout)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.cmd.Process.Kill(); h.cmd.Wait() })
	return h
}

// awaitServers returns when the servers are ready.
func (h *helper) awaitServers() {
	h.t.Helper()
	line, err := h.out.ReadString('\n')
	switch {
	case strings.HasPrefix(line, "skipped: "):
		h.t.Skip(line)
	case line != "ready\n":
		h.t.Fatalf("the helper says %q, %v", line, err)
	}
	h.pids = descendants(h.t, h.cmd.Process.Pid)
	if things := h.left(); len(things) < 3 || runtime.GOOS == "linux" && !strings.HasPrefix(things[len(things)-1], "memory") {
		h.t.Fatalf("two servers and a watchdog are only %q", things)
	}
}

// openDir returns a folder that other users can use too, which those of t.TempDir are not.
func openDir(t *testing.T) string {
	dir, err := os.MkdirTemp(places()[0], "pbt")
	if err == nil {
		err = os.Chmod(dir, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// ps returns the columns of every process that is not a zombie, whose parent has only not looked at it yet.
func ps(t *testing.T) [][]string {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,stat=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(out)) {
		if row := strings.Fields(line); !strings.HasPrefix(row[2], "Z") {
			rows = append(rows, row)
		}
	}
	return rows
}

func descendants(t *testing.T, pid int) (all []int) {
	rows := ps(t)
	for parents := []int{pid}; len(parents) > 0; parents = parents[1:] {
		for _, row := range rows {
			if row[1] == strconv.Itoa(parents[0]) && row[3] != "ps" {
				child, _ := strconv.Atoi(row[0])
				all, parents = append(all, child), append(parents, child)
			}
		}
	}
	return all
}

// left returns the processes that are still there, and shared memory that they have made.
func (h *helper) left() (things []string) {
	for _, row := range ps(h.t) {
		pid, _ := strconv.Atoi(row[0])
		if text := strings.Join(row, " "); slices.Contains(h.pids, pid) || strings.Contains(text, h.dir) {
			things = append(things, text)
		}
	}
	table, _ := os.ReadFile("/proc/sysvipc/shm") // only Linux has it
	for line := range strings.Lines(string(table)) {
		if maker, err := strconv.Atoi(strings.Fields(line)[4]); err == nil && slices.Contains(h.pids, maker) {
			things = append(things, "memory "+line)
		}
	}
	return things
}

func (h *helper) leftFiles() (names []string) {
	files, err := os.ReadDir(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, file := range files {
		names = append(names, file.Name())
	}
	return names
}

// leavesNothing waits until there is nothing left, which it must not take long for.
func (h *helper) leavesNothing() {
	h.t.Helper()
	start := time.Now()
	for things := []string{""}; len(things) > 0; time.Sleep(5 * time.Millisecond) {
		if things = append(h.left(), h.leftFiles()...); time.Since(start) > 30*time.Second {
			h.t.Fatalf("left behind: %q", things)
		}
	}
	h.t.Logf("nothing left %v after the end", time.Since(start).Round(time.Millisecond))
}

func TestNothingIsLeftHoweverTheProcessEnds(t *testing.T) {
	signalGroup := func(s syscall.Signal) func(*helper) {
		return func(h *helper) { syscall.Kill(-h.cmd.Process.Pid, s) }
	}
	goOn := func(h *helper) { io.WriteString(h.stdin, "\n") }
	for name, end := range map[string]func(*helper){
		"kill -9":   signalGroup(syscall.SIGKILL),
		"interrupt": signalGroup(syscall.SIGINT),
		"timeout":   signalGroup(syscall.SIGQUIT), // what go test sends
		"hangup":    signalGroup(syscall.SIGHUP),
		"exit":      goOn,
		"panic":     goOn,
		"shutdown":  goOn,
		"frozen":    signalGroup(syscall.SIGKILL),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "hangup" && signal.Ignored(syscall.SIGHUP) || name == "interrupt" && signal.Ignored(syscall.SIGINT) {
				t.Skip("it is ignored here, as nohup has it, and so by the helper")
			}
			h := startHelper(t, name, nil)
			h.awaitServers()
			end(h)
			h.cmd.Wait()
			if things := append(h.left(), h.leftFiles()...); name == "shutdown" && len(things) > 0 {
				t.Errorf("left when Shutdown had returned: %q", things)
			}
			h.leavesNothing()
		})
	}
}

func TestNothingIsLeftWhenTheProcessIsKilledBeforeTheServersAreReady(t *testing.T) {
	for _, delay := range []time.Duration{0, 60, 150, 300, 500, 700} {
		h := startHelper(t, "kill", nil)
		time.Sleep(delay * time.Millisecond)
		h.pids = descendants(t, h.cmd.Process.Pid)
		h.cmd.Process.Kill()
		h.cmd.Wait()
		h.leavesNothing()
	}
}

func TestServersEndEvenIfTheWatchdogWasKilled(t *testing.T) {
	for name, end := range map[string]func(*helper){
		"before the process": func(h *helper) { h.cmd.Process.Kill() },
		"before Shutdown":    func(h *helper) { io.WriteString(h.stdin, "\n") },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "before the process" && runtime.GOOS != "linux" {
				t.Skip("only Linux ends the servers then")
			}
			h := startHelper(t, "shutdown", nil)
			h.awaitServers()
			for _, row := range ps(t) {
				if row[1] == strconv.Itoa(h.cmd.Process.Pid) && strings.Contains(strings.Join(row, " "), "watchdog") {
					watchdog, _ := strconv.Atoi(row[0])
					syscall.Kill(watchdog, syscall.SIGKILL)
				}
			}
			end(h)
			h.cmd.Wait()
			if name == "before the process" { // then nobody removes the files
				for len(h.left()) > 0 {
					time.Sleep(5 * time.Millisecond)
				}
				return
			}
			h.leavesNothing()
		})
	}
}

// The other tests do this if they are not run by root themselves.
func TestAUserWithoutRightsCanStartServers(t *testing.T) {
	h := startHelper(t, "shutdown", func(h *helper) {
		if !isRoot() {
			return
		}
		nobody, err := unprivileged([]string{"nobody"})
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(h.cmd.Path)
		if err != nil {
			t.Fatal(err)
		}
		h.cmd.Path = filepath.Join(openDir(t), "test") // the one that go test has built is in a folder of root's
		if err := os.WriteFile(h.cmd.Path, text, 0o755); err != nil {
			t.Fatal(err)
		}
		h.cmd.Dir = "/"
		h.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody.uid, Gid: nobody.gid}
	})
	h.awaitServers()
	io.WriteString(h.stdin, "\n")
	if err := h.cmd.Wait(); err != nil {
		t.Errorf("shutting down: %v", err)
	}
	h.leavesNothing()
}

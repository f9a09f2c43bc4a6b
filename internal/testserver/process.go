package testserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a child that cannot outlive the test process: the watchdog knows of it, and on Linux the kernel
// ends it too.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it is gone
	err  error         // how it ended; to be read after done
}

// startProcess starts cmd in dir as account, with none of the environment of the tests but PATH. ending is the
// signal that ends it at once, or 0 for one that soon ends by itself.
func startProcess(cmd *exec.Cmd, dir string, account *account, ending syscall.Signal) (*process, error) {
	h, err := home()
	if err != nil {
		return nil, err
	}
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "LC_ALL=C", "TZ=UTC"}
	prepare(cmd, account, ending)
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// What the kernel waits for is the end of this thread (golang/go#27505), so nothing else may run on it,
		// and it has to live as long as the child. Never unlocked, it ends with this function.
		runtime.LockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		h.watchdog.add(cmd.Process.Pid, ending)
		started <- nil
		p.err = cmd.Wait()
		h.watchdog.remove(cmd.Process.Pid)
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// run runs cmd to its end, even if the test process ends before: initdb, killed, would leave a shared memory
// segment. For the same reason its output goes to a file, which takes it whoever is there to read.
func run(cmd *exec.Cmd, dir string, account *account) error {
	out, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	p, err := startProcess(cmd, dir, account, 0)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		signalGroup(cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
	if p.err != nil {
		text, err := os.ReadFile(out.Name())
		return errors.Join(fmt.Errorf("%s: %w\n%s", cmd.Path, p.err, text), err)
	}
	return nil
}

func (p *process) isOver() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// end sends the signal and returns when the process is gone. One that takes too long is killed, which is an
// error.
func (p *process) end(signal syscall.Signal) error {
	if p.isOver() {
		return nil
	}
	// It may end by itself at this moment; then there is nothing left to do.
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		signalGroup(p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
		return fmt.Errorf("%s did not end within %v of %v and was killed", p.cmd.Path, patience, signal)
	}
}

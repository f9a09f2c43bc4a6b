package testserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// house is the folder in which everything of this test process lives, and the watchdog that removes it.
type house struct {
	dir      string
	watchdog *watchdog
}

var (
	buildOnce = sync.OnceValues(build)
	built     atomic.Pointer[house] // what Shutdown has to remove
)

func home() (*house, error) {
	h, err := buildOnce()
	if err == nil && built.Load() == nil {
		return nil, errors.New("test servers have been shut down")
	}
	return h, err
}

func build() (*house, error) {
	var dir string
	var err error
	for _, place := range places() {
		if dir, err = os.MkdirTemp(place, "patchbay-"); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make a folder for test servers: %w", err)
	}
	h := &house{dir: dir}
	if h.watchdog, err = startWatchdog(dir); err == nil && isRoot() {
		err = os.Chmod(dir, 0o711) // other users pass through to what is theirs
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	built.Store(h)
	return h, nil
}

// places returns where to put it: in memory if there is plenty of it and TMPDIR does not say otherwise, as making
// and removing a thousand small files is most of what a start costs.
func places() []string {
	usual := reachable(os.TempDir())
	if os.Getenv("TMPDIR") == "" && hasRoom("/dev/shm") {
		return []string{"/dev/shm", usual}
	}
	return []string{usual}
}

// reachable returns dir, or /tmp where dir is of no use: it is closed to the user that a server runs as, or so
// long that the name of a Unix socket in it would not fit into the 104 bytes that every system has for it.
func reachable(dir string) string {
	const longest = 104 - len("/patchbay-1234567890/1234567890/.s.PGSQL.12345")
	if len(dir) > longest {
		return "/tmp"
	}
	if !isRoot() {
		return dir
	}
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm()&0o001 == 0 {
			return "/tmp"
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
}

// mkdir makes a folder that belongs to the account.
func (h *house) mkdir(a *account) (string, error) {
	dir, err := os.MkdirTemp(h.dir, "")
	if err != nil {
		return "", err
	}
	return dir, a.own(dir)
}

// Shutdown ends all servers of this process and removes their files, and returns when they are gone. [Main]
// calls it. No server can be started afterwards; a second call does nothing.
func Shutdown() error {
	h := built.Swap(nil)
	if h == nil {
		return nil
	}
	err := h.watchdog.finish()
	// Only if the watchdog itself was killed is there anything left to do.
	for group, ending := range h.watchdog.all() {
		signalGroup(group, ending)
	}
	for deadline := time.Now().Add(patience); len(h.watchdog.all()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.Join(err, fmt.Errorf("shut down test servers: %v do not end", h.watchdog.all()))
		}
	}
	return errors.Join(err, os.RemoveAll(h.dir))
}

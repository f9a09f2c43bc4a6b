package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// starts is how often each program is started.
const starts = 20

// startUp runs both programs in turn and returns the shortest time that each took. With SQLite they open a file;
// with a server they are refused, because nothing listens on the port that they try.
func startUp(byHand, ours, dir string, v variant) (theirs, mine time.Duration, err error) {
	dialect, where, want := "oracle", "127.0.0.1", "oracle"
	if len(v.drivers) > 0 {
		dialect, want = v.drivers[0].Dialect, "refused"
	}
	if dialect == "sqlite" {
		where, want = filepath.Join(dir, "app.db"), "3."
	}
	times := make(map[string]time.Duration)
	for range starts {
		for _, program := range []string{byHand, ours} {
			start := time.Now()
			out, err := exec.Command(program, dialect, where).CombinedOutput()
			took := time.Since(start)
			if err != nil || !strings.Contains(string(out), want) {
				return 0, 0, fmt.Errorf("%s %s: %v: %s, want %q", program, dialect, err, out, want)
			}
			if best, ok := times[program]; !ok || took < best {
				times[program] = took
			}
		}
	}
	return times[byHand], times[ours], nil
}

package drivertest

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// present is what there is at one moment.
type present struct {
	goroutines map[string]string // stack by number
	files      map[string]bool   // what the descriptors of this process refer to; empty where /proc is missing
	sessions   int
}

// now must be called before what is to leave nothing behind.
func (c check) now() present {
	c.Helper()
	// In this order: counting may open a connection and start goroutines itself.
	p := present{sessions: c.settled()}
	p.files, p.goroutines = files(), goroutines()
	return p
}

// nothingLeft fails the subtest if there is more than there was before, and stays.
func (c check) nothingLeft(before present) {
	c.Helper()
	if c.can(Sessions) && !eventually(patience, func() bool { return c.sessions() <= before.sessions }) {
		c.Errorf("the server has %d connections, and had %d before", c.sessions(), before.sessions)
	}
	var more []string
	if !eventually(patience, func() bool { more = added(before.files, files()); return more == nil }) {
		c.Errorf("open files are left: %q", more)
	}
	noMore := func() bool {
		c.sessions() // a driver's goroutine may wait for the next answer on the connection that this asks by, as that of pgx does
		more = added(before.goroutines, goroutines())
		return more == nil
	}
	if !eventually(patience, noMore) {
		after := goroutines()
		for _, id := range more {
			c.Errorf("a goroutine is left:\n%s", after[id])
		}
	}
}

func added[V any](before, after map[string]V) []string {
	maps.DeleteFunc(after, func(key string, _ V) bool { _, old := before[key]; return old })
	return slices.Sorted(maps.Keys(after))
}

// sessions returns how many connections the server has, 0 if it cannot be asked.
func (c check) sessions() int {
	c.Helper()
	if !c.can(Sessions) {
		return 0
	}
	n, err := c.Sessions(c.ctx())
	if err != nil {
		c.Fatalf("Target.Sessions: %v", err)
	}
	return n
}

// settled returns how many connections the server has when it has noticed the end of those of earlier subtests.
func (c check) settled() int {
	c.Helper()
	eventually(time.Second, func() bool { return c.sessions() <= c.idle }) // if not, one of these has failed
	return c.sessions()
}

func goroutines() map[string]string {
	buf := make([]byte, 1<<18)
	n := runtime.Stack(buf, true)
	for ; n == len(buf); n = runtime.Stack(buf, true) { // there may be more
		buf = make([]byte, 2*len(buf))
	}
	all := make(map[string]string)
	for stack := range strings.SplitSeq(string(buf[:n]), "\n\n") {
		id, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		all[id] = stack
	}
	return all
}

// files lists what the descriptors of this process refer to. What the runtime opens for polling the network, and
// what this function does for reading the list, are left out.
func files() map[string]bool {
	const dir = "/proc/self/fd"
	all := make(map[string]bool)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return all
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err == nil && !strings.HasPrefix(target, "anon_inode:") && !strings.HasPrefix(target, "/proc/") {
			all[e.Name()+" "+target] = true
		}
	}
	return all
}

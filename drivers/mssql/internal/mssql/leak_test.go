package mssql

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/registry"
)

// TestFailingOpensLeaveNothing opens a thousand times what cannot be opened, in every way to encrypt and at every stage
// of a login.
func TestFailingOpensLeaveNothing(t *testing.T) {
	s := start(t)
	once := func(m mode, change func(*registry.Config)) {
		cfg := m.config(s)
		change(&cfg)
		opening(t, once(cfg))
	}
	round := func() (n int) {
		for _, m := range modes {
			once(m, func(c *registry.Config) { c.Password = registry.NewSecret("pw of somebody else") })
			once(m, func(c *registry.Config) { c.Database = "missing" })
			n += 2
			if m.tls != nil {
				once(m, func(c *registry.Config) { c.TLS = new(registry.TLS) })
				n++
			}
			for _, stage := range stages[m.name] {
				s.Misbehave(tdstest.Fault{At: stage, Do: tdstest.Hangup})
				once(m, func(*registry.Config) {})
				s.Misbehave(tdstest.Fault{At: stage, Send: tdstest.Garbage, Do: tdstest.Abort})
				once(m, func(*registry.Config) {})
				n += 2
			}
			s.Misbehave()
		}
		return n
	}
	round() // what is set up once
	s.AwaitClosed(t)
	goroutines, files := runtime.NumGoroutine(), descriptors()
	for n := 0; n < 1000; {
		n += round()
	}
	s.AwaitClosed(t)
	for end := time.Now().Add(soon); runtime.NumGoroutine() > goroutines || descriptors() > files; {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines and %d files, and before there were %d and %d\n%s", runtime.NumGoroutine(), descriptors(),
				goroutines, files, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}

// descriptors returns the number of open files; 0 where the system does not tell.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

package manager_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

// faults are what a driver does that no driver should do.
var faults = map[string]func(stuck <-chan struct{}){
	"panics":           func(<-chan struct{}) { panic(errBug) },
	"ends a goroutine": func(<-chan struct{}) { runtime.Goexit() },
	"hangs":            func(stuck <-chan struct{}) { <-stuck },
	"comes late":       func(<-chan struct{}) { time.Sleep(3 * time.Second) },
}

var errBug = errors.New("index out of range")

// places are the calls of a driver in which it does so: the first connection of a pool, a further one of those that
// are warmed, the query that tests one, the keeper, and the end of one. min is the Pool.Min that the call takes.
var places = map[string]struct {
	min   int
	after bool // it opens as it should, and does so from then on
	set   func(f *fake, fault func(registry.Config))
}{
	"in the first Connect": {set: func(f *fake, fault func(registry.Config)) {
		f.dial = func(_ context.Context, p *fakePool) error { fault(p.cfg); return nil }
	}},
	"in the second Connect": {min: 2, set: func(f *fake, fault func(registry.Config)) {
		f.dial = func(_ context.Context, p *fakePool) error {
			p.mu.Lock()
			dials := p.dials
			p.mu.Unlock()
			if dials == 2 {
				fault(p.cfg)
			}
			return nil
		}
	}},
	"in the first query": {set: func(f *fake, fault func(registry.Config)) {
		f.test = func(_ context.Context, cfg registry.Config) error { fault(cfg); return nil }
	}},
	"in a query of the keeper": {min: 2, after: true, set: func(f *fake, fault func(registry.Config)) {
		f.test = func(_ context.Context, cfg registry.Config) error { fault(cfg); return nil }
	}},
	"in Connect for the keeper": {min: 2, after: true, set: func(f *fake, fault func(registry.Config)) {
		var asked atomic.Int32
		f.test = func(context.Context, registry.Config) error {
			if n := asked.Add(1); n == 2 || n == 3 { // after Open, which asks one
				return errBug
			}
			return nil
		}
		f.dial = func(_ context.Context, p *fakePool) error { fault(p.cfg); return nil }
	}},
	"in Close of what did not open": {set: func(f *fake, fault func(registry.Config)) {
		var asked atomic.Bool
		f.test = func(context.Context, registry.Config) error {
			if asked.Swap(true) {
				return nil
			}
			return errBug
		}
		f.closing = fault
	}},
	"in Close": {after: true, set: func(f *fake, fault func(registry.Config)) { f.closing = fault }},
	"in Close of the pool": {after: true, set: func(f *fake, fault func(registry.Config)) {
		f.end = func() error { fault(fakeConfig("x")); return nil }
	}},
}

// A1: whatever a driver does, there is an answer, and nothing of the manager is lost: no name, no place of its limit,
// no connection.
func TestADriverThatMisbehavesTakesNothingFromTheManager(t *testing.T) {
	for where, place := range places {
		for what, fault := range faults {
			for _, least := range []int{0, 2} {
				if least < place.min {
					continue
				}
				t.Run(fmt.Sprintf("%s %s with Min %d", what, where, least), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						misbehave(t, place.after, least, place.set, fault)
					})
				})
			}
		}
	}
}

func misbehave(t *testing.T, after bool, least int, set func(*fake, func(registry.Config)), fault func(<-chan struct{})) {
	f := newFake()
	m, _ := f.manager(t, manager.WithLimit(1), manager.WithCloseTimeout(time.Second), manager.WithGrace(-1))
	stuck := make(chan struct{})
	var well atomic.Bool
	well.Store(after)
	set(f, func(cfg registry.Config) {
		if cfg.Database == "x" && !well.Load() {
			fault(stuck)
		}
	})
	x := fakeConfig("x")
	x.ConnectTimeout, x.Pool.Min, x.Pool.Max = 300*time.Millisecond, least, 4

	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := m.Get(ctx, "x", x)
	if took := time.Since(start); took > 2*time.Second+soon {
		t.Errorf("Get took %v", took)
	}
	isBug(t, err)
	if after {
		if err != nil {
			t.Error(err)
		}
		well.Store(false)
		time.Sleep(20 * time.Second) // the keeper checks
	}
	start = time.Now()
	err = m.Close(t.Context(), "x")
	if took := time.Since(start); took > time.Second+soon {
		t.Errorf("Close took %v", took)
	}
	isBug(t, err)

	well.Store(true)
	ctx, cancel = context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := m.Get(ctx, "x", x); err != nil {
		// Where the driver does not return to package conn either, the place is taken, and the error says why.
		if !strings.Contains(err.Error(), "given up") {
			t.Errorf("the name is stuck, or its place: %v", err)
		}
	}
	close(stuck)
	time.Sleep(time.Minute)
	for _, name := range []string{"x", "y", "x"} {
		cfg := x
		cfg.Database = name
		c, err := m.Get(t.Context(), name, cfg)
		if err != nil {
			t.Fatal(err)
		}
		works(t, c)
		if s := m.Stats(); s[len(s)-1].Name != name && s[0].Name != name {
			t.Errorf("stats %+v", s)
		}
	}
	if err := m.CloseAll(t.Context()); err != nil {
		t.Error(err)
	}
	if s := m.Stats(); len(s) != 0 {
		t.Errorf("left: %+v", s)
	}
}

// isBug fails the test if an error that comes from a panic, or the end of a goroutine, does not show it.
func isBug(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "panicked") {
		return
	}
	if !errors.Is(err, errBug) || conn.KindOf(err) != conn.KindUnknown {
		t.Errorf("the kind %q of %v", conn.KindOf(err), err)
	}
}

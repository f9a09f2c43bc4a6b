package manager_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

func TestResetClosesAndReplacesTheDefault(t *testing.T) {
	f := newFake()
	var all [8]*manager.Manager
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i] = manager.Default() })
	}
	wg.Wait()
	old := all[0]
	for _, m := range all {
		if m != old {
			t.Fatal("two defaults")
		}
	}
	c, err := old.Get(t.Context(), "a", fakeConfig("a"), conn.WithRegistry(f.registry), conn.WithObserver(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := manager.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	isClosed(t, c)
	if manager.Default() == old || manager.Default().Has("a") {
		t.Error("still the old one")
	}
	// F5: nobody would close what the old one opened.
	for name, open := range map[string]func() error{
		"Get":     func() error { _, err := old.Get(t.Context(), "a", fakeConfig("a")); return err },
		"Acquire": func() error { _, err := old.Acquire(t.Context(), "a", fakeConfig("a")); return err },
		"Replace": func() error { return old.Replace(t.Context(), "a", fakeConfig("a")) },
		"Reload":  func() error { return old.Reload(t.Context(), configs{"a": fakeConfig("a")}) },
		"Track":   func() error { return old.Track(c) },
	} {
		if err := open(); err == nil || !strings.Contains(err.Error(), "Reset") || !strings.Contains(err.Error(), "call Default") {
			t.Errorf("%s of the manager from before: %v", name, err)
		}
	}
	if old.Has("a") || len(old.Stats()) != 0 || f.opened() != 1 {
		t.Errorf("it has %v, and %d were opened", old.Stats(), f.opened())
	}
	for range 2 { // also when there is none
		if err := manager.Reset(t.Context()); err != nil {
			t.Error(err)
		}
	}
	f.check(t)
}

func TestCloseOnTheEndOfAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t)
		c := get(t, m, "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := m.CloseOn(ctx); err != nil {
			t.Error(err)
		}
		if time.Since(start) != time.Minute {
			t.Errorf("took %v", time.Since(start))
		}
		isClosed(t, c)
	})
}

// bubbled is the number of goroutines of this test: the stack of each one says that it is in the bubble.
func bubbled() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "synctest bubble")
}

func TestWithoutPoolsThereIsNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		alone := bubbled()
		check := func(when string, want bool) {
			t.Helper()
			synctest.Wait()
			if n := bubbled() - alone; n > 0 != want {
				t.Errorf("%s there are %d goroutines", when, n)
			}
		}
		m := manager.New(manager.WithLimit(3), manager.WithIdleTime(time.Second), manager.WithConnOptions(conn.WithRegistry(f.registry)), manager.WithObserver(nil))
		check("at first", false)
		get(t, m, "a")
		check("with a pool", true) // those of database/sql, which shows that they are counted
		if err := m.Close(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		check("after a Close", false)
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			get(t, m, name)
		}
		if err := m.CloseAll(t.Context()); err != nil {
			t.Error(err)
		}
		check("after a CloseAll", false)
	})
}

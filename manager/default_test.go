package manager_test

import (
	"context"
	"errors"
	"runtime"
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

func TestWithoutPoolsThereIsNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if one is left at its end
		f := newFake()
		before := runtime.NumGoroutine()
		check := func(when string) {
			t.Helper()
			synctest.Wait()
			if n := runtime.NumGoroutine() - before; n > 0 {
				t.Errorf("%s there are %d goroutines", when, n)
			}
		}
		m := manager.New(manager.WithLimit(3), manager.WithIdleTime(time.Second), manager.WithConnOptions(conn.WithRegistry(f.registry)), manager.WithObserver(nil))
		check("at first")
		get(t, m, "a")
		if err := m.Close(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		check("after a Close")
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			get(t, m, name)
		}
		if err := m.CloseAll(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		check("after a CloseAll")
	})
}

package manager_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

// replaced is a second config for the name "a".
func replaced() conn.Config {
	cfg := fakeConfig("a")
	cfg.Password = conn.NewSecret("new")
	return cfg
}

func TestReplaceOpensFirstAndGivesTheOldHandleItsGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t)
		old := get(t, m, "a")
		if err := m.Replace(t.Context(), "a", replaced()); err != nil {
			t.Fatal(err)
		}
		fresh, err := m.Get(t.Context(), "a", replaced())
		if err != nil || fresh == old {
			t.Fatalf("got %v, %v", fresh, err)
		}
		if _, err := m.Get(t.Context(), "a", fakeConfig("a")); err == nil {
			t.Error("the config that was replaced is still taken")
		}
		time.Sleep(29 * time.Second)
		works(t, old)
		time.Sleep(2 * time.Second)
		isClosed(t, old)
		works(t, fresh)
		if got := strings.Join(events.list(), ", "); got != "connection:open a, connection:open a, connection:close a" {
			t.Errorf("events %s", got)
		}
	})
}

func TestALeaseOutlivesReplace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t)
		lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Replace(t.Context(), "a", replaced()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		works(t, lease.Conn())
		lease.Release()
		lease.Release() // does nothing
		synctest.Wait()
		isClosed(t, lease.Conn())
		if f.open() != 1 {
			t.Errorf("%d pools are open", f.open())
		}
	})
}

func TestWithoutHandlesTheOldOneIsClosedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t)
		lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
		if err != nil {
			t.Fatal(err)
		}
		lease.Release()
		if err := m.Replace(t.Context(), "a", replaced()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if f.open() != 1 {
			t.Errorf("%d pools are open, and nobody was handed the first", f.open())
		}
	})
}

func TestAfterTheGraceRunningQueriesStillEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.query = func(ctx context.Context, _ string) error {
			time.Sleep(32 * time.Second)
			return ctx.Err()
		}
		m, events := f.manager(t)
		old := get(t, m, "a")
		if err := m.Replace(t.Context(), "a", replaced()); err != nil {
			t.Fatal(err)
		}
		var answer int
		if err := old.QueryRowContext(t.Context(), "slow").Scan(&answer); err != nil {
			t.Errorf("a query that began within the grace: %v", err)
		}
		if events.count("connection:close a") != 0 {
			t.Error("closed while a query was running")
		}
		synctest.Wait()
		isClosed(t, old)
	})
}

func TestAReplaceThatFailsChangesNothing(t *testing.T) {
	f := newFake()
	wrong := errors.New("wrong password")
	f.connect = func(_ context.Context, cfg registry.Config) error {
		if cfg.Equal(replaced()) {
			return wrong
		}
		return nil
	}
	m, _ := f.manager(t)
	old := get(t, m, "a")
	if err := m.Replace(t.Context(), "a", replaced()); !errors.Is(err, wrong) {
		t.Fatalf("got %v", err)
	}
	if get(t, m, "a") != old {
		t.Error("the old one is gone")
	}
	stats := m.Stats()
	if len(stats) != 1 || !errors.Is(stats[0].Err, wrong) {
		t.Errorf("stats %+v", stats)
	}
}

func TestReplaceOfANameThatIsNotOpenOpensIt(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t)
	if err := m.Replace(t.Context(), "a", fakeConfig("a")); err != nil {
		t.Fatal(err)
	}
	works(t, get(t, m, "a"))
	if f.opened() != 1 {
		t.Errorf("opened %d", f.opened())
	}
}

func TestReplaceWaitsForTheOpeningUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		open := gate(f)
		m, _ := f.manager(t)
		_, results := crowd(t, m, 3)
		done := make(chan error, 1)
		go func() { done <- m.Replace(t.Context(), "a", replaced()) }()
		synctest.Wait()
		if f.opened() != 1 {
			t.Errorf("%d openings of one name at a time", f.opened())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := m.Replace(ctx, "a", replaced()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(open)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if got := <-r; got.err != nil {
				t.Error(got.err)
			}
		}
		if _, err := m.Get(t.Context(), "a", replaced()); err != nil {
			t.Error(err)
		}
	})
}

func TestACanceledReplaceLeavesTheOldOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t)
		old := get(t, m, "a")
		gate(f)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := m.Replace(ctx, "a", replaced()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if get(t, m, "a") != old {
			t.Error("the old one is gone")
		}
	})
}

func TestAShortGraceAndNone(t *testing.T) {
	for _, grace := range []time.Duration{2 * time.Second, -1} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			m, _ := f.manager(t, manager.WithGrace(grace))
			old := get(t, m, "a")
			if err := m.Replace(t.Context(), "a", replaced()); err != nil {
				t.Fatal(err)
			}
			if grace > 0 {
				time.Sleep(grace - time.Millisecond)
				works(t, old)
				time.Sleep(2 * time.Millisecond)
			}
			synctest.Wait()
			isClosed(t, old)
		})
	}
}

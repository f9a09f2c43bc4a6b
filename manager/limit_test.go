package manager_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

func TestTheLimitEvictsWhatWasUsedLeastRecently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t, manager.WithLimit(3))
		a, b := get(t, m, "a"), get(t, m, "b")
		get(t, m, "c")
		get(t, m, "a")
		get(t, m, "d")
		synctest.Wait()
		if got := m.Names(); !slices.Equal(got, []string{"a", "c", "d"}) {
			t.Errorf("open are %v, and b was used least recently", got)
		}
		if events.count("pool:evict b limit") != 1 {
			t.Errorf("events %v", events.list())
		}
		works(t, b) // it has its grace
		time.Sleep(31 * time.Second)
		isClosed(t, b)
		works(t, a)
		works(t, get(t, m, "b"))
		synctest.Wait()
		if got := m.Names(); !slices.Equal(got, []string{"a", "b", "d"}) {
			t.Errorf("open are %v, and c was used least recently", got)
		}
	})
}

func TestAnEvictedPoolKeepsNoIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithLimit(1))
		get(t, m, "a")
		get(t, m, "b")
		f.mu.Lock()
		defer f.mu.Unlock()
		if n := f.pools[0].conns; n != 0 {
			t.Errorf("%d connections of the evicted pool are open, and b is there already", n)
		}
	})
}

func TestAtMostAsManyAsTheLimitHaveAGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithLimit(5))
		var handles []*conn.Conn
		for i := range 20 {
			handles = append(handles, get(t, m, fmt.Sprint("n", i)))
		}
		synctest.Wait()
		if n := f.open(); n != 10 {
			t.Errorf("%d pools are open, 5 by the limit and 5 in their grace", n)
		}
		isClosed(t, handles[9])
		works(t, handles[10])
	})
}

func TestALeasedPoolIsNeverEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithLimit(2), manager.WithIdleTime(time.Minute))
		lease, err := m.Acquire(t.Context(), "leased", fakeConfig("leased"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			get(t, m, fmt.Sprint("n", i))
		}
		time.Sleep(time.Hour)
		if got := m.Names(); !slices.Equal(got, []string{"leased"}) {
			t.Errorf("open are %v", got)
		}
		works(t, lease.Conn())
		lease.Release()
		time.Sleep(2 * time.Minute)
		if m.Has("leased") {
			t.Error("it is still there, and idle")
		}
	})
}

func TestAPoolWithAQueryRunningIsNotEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithLimit(1), manager.WithIdleTime(time.Minute))
		busy, err := get(t, m, "a").Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if !m.Has("a") {
			t.Fatal("evicted while a query was running")
		}
		time.AfterFunc(time.Second, func() { _ = busy.Close() })
		start := time.Now()
		get(t, m, "b") // waits for it
		if took := time.Since(start); took < time.Second || took > 1100*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestWithoutRoomOpeningWaitsForARelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithLimit(1))
		lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = m.Get(ctx, "b", fakeConfig("b"))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "connection limit of 1 reached and all are in use") {
			t.Errorf("got %v", err)
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				name := fmt.Sprint("n", i)
				l, err := m.Acquire(t.Context(), name, fakeConfig(name))
				if err != nil {
					t.Error(err)
					return
				}
				works(t, l.Conn())
				if n := f.conns(); n > 1 {
					t.Errorf("%d connections are open", n)
				}
				time.Sleep(time.Second)
				l.Release()
			})
		}
		synctest.Wait()
		if f.opened() != 1 {
			t.Errorf("opened %d beyond the limit", f.opened()-1)
		}
		lease.Release()
		synctest.Wait()
		if f.opened() != 2 {
			t.Error("the release woke nobody")
		}
		wg.Wait()
	})
}

func TestAFailedOpeningGivesItsPlaceBack(t *testing.T) {
	f := newFake()
	f.connect = func(context.Context, registry.Config) error { return errors.New("wrong") }
	m, _ := f.manager(t, manager.WithLimit(1))
	for range 3 {
		if _, err := m.Get(t.Context(), "a", fakeConfig("a")); err == nil {
			t.Fatal("no error")
		}
	}
	f.connect = nil
	works(t, get(t, m, "b"))
}

func TestReplaceNeedsNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithLimit(1))
		for range 3 {
			lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Replace(t.Context(), "a", fakeConfig("a")); err != nil {
				t.Fatal(err)
			}
			lease.Release()
		}
		get(t, m, "b")
		if got := m.Names(); !slices.Equal(got, []string{"b"}) {
			t.Errorf("open are %v", got)
		}
	})
}

func TestIdlePoolsAreEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t, manager.WithIdleTime(time.Minute))
		kept := get(t, m, "kept")
		idle := get(t, m, "idle")
		for range 20 {
			time.Sleep(10 * time.Second)
			get(t, m, "kept")
		}
		if got := m.Names(); !slices.Equal(got, []string{"kept"}) || events.count("pool:evict idle idle") != 1 {
			t.Errorf("open are %v, events %v", got, events.list())
		}
		isClosed(t, idle)
		works(t, kept)
		time.Sleep(40 * time.Second)
		if !m.Has("kept") {
			t.Error("evicted after less than the idle time")
		}
		time.Sleep(60 * time.Second)
		if m.Has("kept") {
			t.Error("not evicted")
		}
		if err := m.CloseAll(t.Context()); err != nil {
			t.Error(err)
		}
		get(t, m, "again") // the janitor comes back
		time.Sleep(2 * time.Minute)
		if m.Has("again") {
			t.Error("not evicted after a CloseAll")
		}
	})
}

// Many may wait for long, and looking at all pools for each of them, every few milliseconds, would be most of what
// the program does.
func TestThoseWhoWaitForAPlaceDoNotKeepTheProgramBusy(t *testing.T) {
	const limit, waiting = 10, 100
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithLimit(limit))
		var leases []*manager.Lease
		for i := range limit {
			name := fmt.Sprint("n", i)
			lease, err := m.Acquire(t.Context(), name, fakeConfig(name))
			if err != nil {
				t.Fatal(err)
			}
			leases = append(leases, lease)
		}
		var wg sync.WaitGroup
		for i := range waiting {
			wg.Go(func() {
				name := fmt.Sprint("w", i)
				lease, err := m.Acquire(t.Context(), name, fakeConfig(name))
				if err != nil {
					t.Error(err)
					return
				}
				lease.Release()
			})
		}
		synctest.Wait()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		time.Sleep(time.Minute)
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n > 50_000 { // a look takes a timer
			t.Errorf("%d allocations in a minute in which nothing happened", n)
		}
		if f.opened() != limit {
			t.Errorf("opened %d beyond the limit", f.opened()-limit)
		}
		for _, lease := range leases {
			lease.Release()
		}
		wg.Wait()
	})
}

func TestWhoWaitsForAPlaceGetsItWhenOneIsClosed(t *testing.T) {
	for how, end := range map[string]func(*manager.Manager, *conn.Conn) error{
		"by the manager": func(m *manager.Manager, c *conn.Conn) error { return m.Close(context.Background(), c.Name()) },
		"by others":      func(_ *manager.Manager, c *conn.Conn) error { return c.Close() },
	} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				m, _ := f.manager(t, manager.WithLimit(1))
				a := get(t, m, "a")
				busy, err := a.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(time.Second, func() { _ = busy.Close() })
				var wg sync.WaitGroup
				for _, name := range []string{"b", "c", "d"} {
					wg.Go(func() { get(t, m, name) })
					synctest.Wait()
				}
				time.Sleep(500 * time.Millisecond)
				start := time.Now()
				wg.Go(func() {
					if err := end(m, a); err != nil {
						t.Error(err)
					}
				})
				wg.Wait()
				if took := time.Since(start); took > 600*time.Millisecond {
					t.Errorf("took %v", took)
				}
				var order []string
				for _, p := range f.pools {
					order = append(order, p.cfg.Database)
				}
				if !slices.Equal(order, []string{"a", "b", "c", "d"}) {
					t.Errorf("opened in the order %v", order)
				}
				time.Sleep(time.Second)
			})
		})
	}
}

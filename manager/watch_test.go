package manager_test

import (
	"context"
	"database/sql"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/observer/eventlog"
)

// take takes n connections out of a pool.
func take(t *testing.T, c *conn.Conn, n int) (giveBack func()) {
	t.Helper()
	var held []*sql.Conn
	for range n {
		one, err := c.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, one)
	}
	return func() {
		for _, one := range held {
			_ = one.Close() // it may be given back already
		}
	}
}

// wants is a caller that waits for a connection for as long, and gives it back.
func wants(t *testing.T, c *conn.Conn, d time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	one, err := c.Conn(ctx)
	if err == nil {
		err = one.Close()
	}
	return err
}

func starving(m *manager.Manager) time.Time { return m.Stats()[0].Starving }

// A12: nothing told that a pool is exhausted.
func TestAnExhaustedPoolIsToldOnceAndItsEnd(t *testing.T) {
	for name, callers := range map[string]func(t *testing.T, c *conn.Conn){
		"one caller that waits without end": func(t *testing.T, c *conn.Conn) { go wants(t, c, time.Hour) },
		"callers that give up": func(t *testing.T, c *conn.Conn) {
			go func() {
				for range 60 {
					if wants(t, c, 200*time.Millisecond) == nil {
						return
					}
				}
			}()
		},
		"callers after others that were served": func(t *testing.T, c *conn.Conn) { go wants(t, c, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				m, r := f.manager(t)
				cfg := fakeConfig("a")
				cfg.Pool = conn.Pool{Max: 2}
				c, err := m.Get(t.Context(), "a", cfg)
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(name, "callers after") {
					giveBack := take(t, c, 2)
					go func() { _ = wants(t, c, time.Hour) }()
					time.Sleep(10 * time.Millisecond)
					giveBack()
					time.Sleep(time.Second)
				}
				giveBack := take(t, c, 2)
				callers(t, c)
				time.Sleep(3 * time.Second)
				if n := r.count("pool:starve a"); n != 1 || starving(m).IsZero() {
					t.Errorf("told %d times, starving since %v", n, starving(m))
				}
				time.Sleep(20 * time.Second)
				giveBack()
				time.Sleep(time.Second)
				if n := r.count("pool:starve a"); n != 1 || !starving(m).IsZero() {
					t.Errorf("told %d times, starving since %v", n, starving(m))
				}
				e := only[manager.Starved](t, r)
				if e.InUse != 2 || e.Max != 2 || e.For < time.Second || e.For > 2*time.Second || e.Waits < 1 || e.Hint == "" || e.Users != nil {
					t.Errorf("%+v", e)
				}
				if e := only[manager.Recovered](t, r); e.After < 22*time.Second || e.After > 24*time.Second {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

// only returns the one event of its type.
func only[E observer.Event](t *testing.T, r *record) (e E) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []E
	for _, value := range r.values {
		if e, ok := value.(E); ok {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d events: %+v", len(found), found)
	}
	return found[0]
}

func TestABusyPoolForWhichNobodyWaitsIsNotExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, r := f.manager(t)
		cfg := fakeConfig("a")
		cfg.Pool = conn.Pool{Max: 2}
		c, err := m.Get(t.Context(), "a", cfg)
		if err != nil {
			t.Fatal(err)
		}
		giveBack := take(t, c, 2)
		time.Sleep(700 * time.Millisecond)
		if wants(t, c, 10*time.Millisecond) == nil {
			t.Error("a free connection")
		}
		time.Sleep(time.Minute)
		giveBack()
		unlimited := fakeConfig("b")
		unlimited.Pool = conn.Pool{Max: -1}
		if c, err = m.Get(t.Context(), "b", unlimited); err != nil {
			t.Fatal(err)
		}
		defer take(t, c, 20)()
		time.Sleep(time.Minute)
		for _, e := range r.list() {
			if strings.HasPrefix(e, "pool:") {
				t.Errorf("%s", e)
			}
		}
	})
}

func TestClosingAnExhaustedPoolIsItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, r := f.manager(t)
		cfg := fakeConfig("a")
		cfg.Pool = conn.Pool{Max: 1}
		c, err := m.Get(t.Context(), "a", cfg)
		if err != nil {
			t.Fatal(err)
		}
		giveBack := take(t, c, 1)
		defer giveBack()
		go func() { _ = wants(t, c, time.Hour) }()
		time.Sleep(3 * time.Second)
		_ = m.Close(t.Context(), "a") // the connection in use is cut off
		synctest.Wait()
		if r.count("pool:starve a") != 1 || r.count("pool:recover a") != 1 {
			t.Errorf("%v", r.list())
		}
		events := len(r.list())
		time.Sleep(time.Hour)
		if len(r.list()) != events {
			t.Errorf("afterwards: %v", r.list()[events:])
		}
	})
}

// leakRows forgets rows, and leakTx a transaction: what the profile has to find.
func leakRows(ctx context.Context, t *testing.T, c *conn.Conn) {
	rows, err := c.QueryContext(ctx, "SELECT 1")
	if err != nil {
		t.Error(err)
		return
	}
	if rows.Next() {
		<-ctx.Done()
	}
}

func TestTheProfileOfAnExhaustedPoolSaysWhereItsConnectionsAre(t *testing.T) {
	f := newFake()
	m, r := f.manager(t, manager.WithStarveAfter(20*time.Millisecond), manager.WithStarveProfile())
	cfg := fakeConfig("a")
	cfg.Pool = conn.Pool{Max: 2}
	c, err := m.Get(t.Context(), "a", cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan manager.Starved, 1)
	observer.On(r.bus, func(e manager.Starved) { told <- e })
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { leakRows(ctx, t, c) })
	}
	wg.Go(func() {
		for c.Stats().InUse < 2 {
			runtime.Gosched()
		}
		one, err := c.Conn(ctx)
		if err == nil {
			_ = one.Close()
		}
	})
	e := <-told
	var got []string
	for _, u := range e.Users {
		if u.Doing == "has rows open" && strings.Contains(u.Stack, "manager_test.leakRows ") && strings.Contains(u.Stack, "watch_test.go:") ||
			u.Doing == "waits for a connection" && strings.Contains(u.Stack, "TestTheProfileOfAnExhaustedPool") {
			got = append(got, u.Doing)
		}
		if strings.Contains(u.Stack, "0x") {
			t.Errorf("arguments: %s", u.Stack)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"has rows open", "waits for a connection"}) || e.Users[0].Count != 2 {
		t.Errorf("%+v", e.Users)
	}
	cancel()
	wg.Wait()
}

// forgetTx begins a transaction that nobody ends.
func forgetTx(ctx context.Context, t *testing.T, c *conn.Conn) {
	if _, err := c.BeginTx(ctx, nil); err != nil {
		t.Error(err)
	}
}

// What was forgotten has no goroutine any more that could be in a stack, and is told all the same: on a real database.
func TestTheProfileTellsOfWhatWasForgotten(t *testing.T) {
	bus := observer.New()
	m := manager.New(manager.WithObserver(bus), manager.WithStarveAfter(20*time.Millisecond), manager.WithStarveProfile())
	defer func() { _ = m.CloseAll(context.Background()) }()
	told := make(chan manager.Starved, 1)
	observer.On(bus, func(e manager.Starved) { told <- e })
	c, err := m.Get(t.Context(), "a", conn.Config{Dialect: "sqlite", Filename: ":memory:", Pool: conn.Pool{Max: 1}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // which ends the transaction
	done := make(chan struct{})
	go func() {
		defer close(done)
		forgetTx(ctx, t, c)
	}()
	<-done
	waiting := make(chan error)
	go func() { waiting <- c.PingContext(ctx) }()
	found := false
	e := <-told
	for _, u := range e.Users {
		found = found || u.Doing == "has a transaction open" && u.Stack == ""
	}
	if !found {
		t.Errorf("%+v", e.Users)
	}
	cancel()
	<-waiting
}

func TestALeaseThatIsHeldForLongIsToldWithItsAcquirer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, r := f.manager(t, manager.WithLeaseWarning(10*time.Second), manager.WithConfigs(configs{"named": fakeConfig("named")}))
		short, err := m.Acquire(t.Context(), "short", fakeConfig("short"))
		if err != nil {
			t.Fatal(err)
		}
		opened, err := m.AcquireNamed(t.Context(), "named")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		short.Release()
		short.Release()
		again, err := m.AcquireNamed(t.Context(), "named")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(8 * time.Second)
		e := only[manager.Held](t, r)
		first, _, _ := strings.Cut(e.Stack, "\n")
		if e.Name != "named" || e.For < 10*time.Second || e.For > 15*time.Second || !strings.Contains(first, "TestALeaseThatIsHeldForLongIsToldWithItsAcquirer") || !strings.Contains(first, "watch_test.go:") {
			t.Errorf("%+v", e)
		}
		for _, s := range m.Stats() {
			if s.Name == "named" && s.OldestLease != 13*time.Second {
				t.Errorf("%+v", s)
			}
		}
		again.Release()
		opened.Release()
		time.Sleep(time.Hour)
		if n := r.count("lease:hold named"); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

// A name that a listener opens while the manager looks, when nothing was open, is watched like any other.
func TestWhatIsOpenedDuringALookIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, r := f.manager(t, manager.WithLeaseWarning(10*time.Second), manager.WithStarveAfter(-1), manager.WithCloseTimeout(time.Second))
		first, err := m.Acquire(t.Context(), "first", fakeConfig("first"))
		if err != nil {
			t.Fatal(err)
		}
		cancel := observer.Once(m.Observer(), func(manager.Held) {
			second, err := m.Acquire(t.Context(), "second", fakeConfig("second"))
			if err != nil {
				t.Error(err)
				return
			}
			time.AfterFunc(time.Minute, second.Release)
		})
		defer cancel()
		time.Sleep(7 * time.Second) // the next look is the one that tells
		if err := m.Close(t.Context(), "first"); err == nil {
			t.Error("the lease was not held")
		}
		time.Sleep(time.Hour)
		first.Release()
		if n := r.count("lease:hold second"); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestPeekIsNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, r := f.manager(t, manager.WithIdleTime(time.Minute))
		if m.Peek("a") != nil || f.opened() != 0 {
			t.Error("it was opened")
		}
		get(t, m, "a")
		for range 10 {
			time.Sleep(20 * time.Second)
			if l := m.Peek("a"); l != nil {
				works(t, l.Conn())
				l.Release()
			}
		}
		if r.count("pool:evict a idle") != 1 {
			t.Errorf("%v", r.list())
		}
	})
}

// Ten thousand idle pools cost no goroutine: one timer looks at all.
func TestTheWatchHasNoGoroutine(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t, manager.WithStarveAfter(20*time.Millisecond), manager.WithLeaseWarning(time.Second))
	get(t, m, "first")
	before := runtime.NumGoroutine()
	const more = 200
	for i := range more {
		get(t, m, strings.Repeat("x", i+1))
	}
	// database/sql has two of its own for each pool.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+2*more && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before+2*more {
		t.Errorf("%d goroutines, and %d before %d pools", n, before, more)
	}
}

func TestTroublesOfPoolsAreWarningsInTheLog(t *testing.T) {
	var text strings.Builder
	log := eventlog.Listener(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log(manager.Starved{Name: "a", Users: []manager.User{{Count: 2, Doing: "has rows open", Stack: "main.f main.go:1\n"}}})
	log(manager.Recovered{Name: "a"})
	log(manager.Held{Name: "a", Stack: "main.f main.go:1\n"})
	if got := text.String(); strings.Count(got, "level=WARN") != 3 || strings.Count(got, "main.go:1") != 2 {
		t.Errorf("%s", got)
	}
}

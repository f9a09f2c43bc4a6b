package manager_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

func TestGetOpensOnceAndHandsOutTheSame(t *testing.T) {
	f := newFake()
	m, events := f.manager(t)
	a := get(t, m, "a")
	if get(t, m, "a") != a {
		t.Error("another one")
	}
	works(t, a)
	if a.Name() != "a" || !m.Has("a") || m.Has("b") {
		t.Errorf("name %q, Has(a) %v, Has(b) %v", a.Name(), m.Has("a"), m.Has("b"))
	}
	get(t, m, "c")
	get(t, m, "b")
	if got := strings.Join(m.Names(), " "); got != "a b c" {
		t.Errorf("names %q", got)
	}
	if f.opened() != 3 || events.count("connection:open a") != 1 {
		t.Errorf("opened %d, events %v", f.opened(), events.list())
	}
}

// crowd has n callers Get the name "a", each with a context of its own, and waits until all are waiting.
func crowd(t *testing.T, m *manager.Manager, n int) (cancels []context.CancelFunc, results []chan result) {
	t.Helper()
	for range n {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		answer := make(chan result, 1)
		cancels, results = append(cancels, cancel), append(results, answer)
		go func() {
			c, err := m.Get(ctx, "a", fakeConfig("a"))
			answer <- result{c, err}
		}()
	}
	synctest.Wait()
	return cancels, results
}

type result struct {
	conn *conn.Conn
	err  error
}

// gate is a connect function that waits until it is opened or its context ends.
func gate(f *fake) (open chan struct{}) {
	open = make(chan struct{})
	f.connect = func(ctx context.Context, _ registry.Config) error {
		select {
		case <-open:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return open
}

func TestAThousandCallersOpenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		open := gate(f)
		m, events := f.manager(t)
		_, results := crowd(t, m, 1000)
		close(open)
		first := (<-results[0]).conn
		for _, r := range results[1:] {
			if got := <-r; got.err != nil || got.conn != first {
				t.Fatalf("got %v, %v, and the first got %v", got.conn, got.err, first)
			}
		}
		if f.opened() != 1 || events.count("connection:open a") != 1 {
			t.Errorf("opened %d, events %v", f.opened(), events.list())
		}
		works(t, first)
	})
}

func TestTheLastOfAThousandStillGetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		open := gate(f)
		m, _ := f.manager(t)
		cancels, results := crowd(t, m, 1000)
		stays := rand.IntN(1000)
		for i, cancel := range cancels {
			if i != stays {
				cancel()
			}
		}
		for i, r := range results {
			if i == stays {
				continue
			}
			if got := <-r; !errors.Is(got.err, context.Canceled) || conn.KindOf(got.err) != conn.KindCancelled {
				t.Fatalf("a cancelled caller got %v, %v", got.conn, got.err)
			}
		}
		close(open)
		got := <-results[stays]
		if got.err != nil || f.opened() != 1 {
			t.Fatalf("got %v after %d openings", got.err, f.opened())
		}
		works(t, got.conn)
	})
}

func TestWithoutCallersTheOpeningIsCancelledAndTheNextStartsAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var running int
		slow := make(chan struct{})
		f.connect = func(ctx context.Context, _ registry.Config) error {
			running++
			defer func() { running-- }()
			if running > 1 {
				t.Error("two openings of one name at a time")
			}
			if f.opened() > 1 {
				return nil
			}
			<-ctx.Done()
			<-slow // the driver takes its time to notice
			return context.Cause(ctx)
		}
		m, events := f.manager(t)
		cancels, results := crowd(t, m, 10)
		for _, cancel := range cancels {
			cancel()
		}
		for _, r := range results {
			if got := <-r; !errors.Is(got.err, context.Canceled) {
				t.Fatalf("got %v", got.err)
			}
		}
		// The driver has not noticed yet: whoever comes now must wait for that, but not share its fate.
		later := make(chan result, 1)
		go func() {
			c, err := m.Get(t.Context(), "a", fakeConfig("a"))
			later <- result{c, err}
		}()
		synctest.Wait()
		if f.opened() != 1 {
			t.Errorf("opened %d before the first has ended", f.opened())
		}
		close(slow)
		got := <-later
		if got.err != nil || f.opened() != 2 {
			t.Fatalf("got %v after %d openings", got.err, f.opened())
		}
		works(t, got.conn)
		if want := "connection:error a, connection:open a"; strings.Join(events.list(), ", ") != want {
			t.Errorf("events %v", events.list())
		}
	})
}

func TestACallerWhoWaitsForACancelledOpeningMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		stuck := make(chan struct{})
		f.connect = func(context.Context, registry.Config) error { <-stuck; return errRefused }
		m, _ := f.manager(t)
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			if _, err := m.Get(ctx, "a", fakeConfig("a")); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 1200*time.Millisecond {
				t.Errorf("took %v", took)
			}
			cancel()
		}
		if f.opened() != 1 {
			t.Errorf("%d openings at a time", f.opened())
		}
		close(stuck)
	})
}

func TestAFailureIsForAllAndNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		fails := make(chan struct{})
		wrong := errors.New("wrong")
		f.connect = func(context.Context, registry.Config) error {
			<-fails
			return wrong
		}
		m, events := f.manager(t)
		_, results := crowd(t, m, 100)
		close(fails)
		first := (<-results[0]).err
		if !errors.Is(first, wrong) {
			t.Fatalf("got %v", first)
		}
		for _, r := range results[1:] {
			if got := <-r; got.err != first {
				t.Fatalf("got %v, and the first got %v", got.err, first)
			}
		}
		if events.count("connection:error a") != 1 || m.Has("a") || len(m.Stats()) != 0 {
			t.Errorf("events %v, Has %v, stats %v", events.list(), m.Has("a"), m.Stats())
		}
		f.connect = nil
		works(t, get(t, m, "a"))
	})
}

func TestADriverThatPanicsIsAnError(t *testing.T) {
	broken := errors.New("index out of range")
	for name, bug := range map[string]func(){
		"panic":  func() { panic(broken) },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.connect = func(context.Context, registry.Config) error { bug(); return nil }
			m, events := f.manager(t)
			_, err := m.Get(t.Context(), "a", fakeConfig("a"))
			var e *conn.Error
			if !errors.As(err, &e) || e.Name != "a" || e.Kind != conn.KindUnknown {
				t.Fatalf("got %v", err)
			}
			var p *manager.PanicError
			if name == "panic" && (!errors.As(err, &p) || !errors.Is(err, broken) || !strings.Contains(string(p.Stack), "get_test.go")) {
				t.Errorf("got %v", err)
			}
			if events.count("connection:error a") != 1 {
				t.Errorf("events %v", events.list())
			}
			f.connect = nil
			works(t, get(t, m, "a"))
		})
	}
}

func TestTheOpeningSeesTheValuesOfItsCaller(t *testing.T) {
	type key struct{}
	f := newFake()
	f.connect = func(ctx context.Context, _ registry.Config) error {
		if ctx.Value(key{}) != "trace" {
			return errors.New("no value")
		}
		return nil
	}
	m, _ := f.manager(t)
	if _, err := m.Get(context.WithValue(t.Context(), key{}, "trace"), "a", fakeConfig("a")); err != nil {
		t.Error(err)
	}
}

func TestWhoeverRunsOutOfTimeLearnsWhatTheAttemptsMet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(context.Context, registry.Config) error { return errRefused }
		m, _ := f.manager(t)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := m.Get(ctx, "a", fakeConfig("a"))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errRefused) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnotherConfigUnderTheSameNameIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		open := gate(f)
		m, _ := f.manager(t)
		cfg := conn.Config{Dialect: "fake", Host: "db-one", Password: conn.NewSecret("hunter2"), Params: map[string]string{}}
		other := conn.Config{Dialect: "fake", Host: "db-two", Password: conn.NewSecret("swordfish")}
		check := func(state manager.State, err error) {
			t.Helper()
			var mismatch *manager.MismatchError
			if !errors.As(err, &mismatch) || mismatch.Name != "a" || mismatch.State != state || strings.Join(mismatch.Fields, " ") != "host password" {
				t.Fatalf("got %v", err)
			}
			for _, secret := range []string{"hunter2", "swordfish", "db-one", "db-two"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %q", secret, err)
				}
			}
			if !strings.Contains(err.Error(), "Replace") {
				t.Errorf("%q does not say what to do", err)
			}
		}
		go func() { _, _ = m.Get(t.Context(), "a", cfg) }()
		synctest.Wait()
		_, err := m.Get(t.Context(), "a", other)
		check(manager.StateOpening, err)
		close(open)
		synctest.Wait()
		_, err = m.Get(t.Context(), "a", other)
		check(manager.StateOpen, err)
		_, err = m.Acquire(t.Context(), "a", other)
		check(manager.StateOpen, err)

		cfg.Params["late"] = "change" // the manager has a copy
		delete(cfg.Params, "late")
		cfg.Password = conn.NewSecret("hunter" + string('2')) // equal, and not the same
		if _, err := m.Get(t.Context(), "a", cfg); err != nil {
			t.Error(err)
		}
	})
}

func TestANameClosedByItsUserIsOpenedAgain(t *testing.T) {
	for name, end := range map[string]func(*conn.Conn) error{
		"Close":    (*conn.Conn).Close,
		"DB.Close": func(c *conn.Conn) error { return c.DB.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			m, events := f.manager(t)
			lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
			if err != nil {
				t.Fatal(err)
			}
			if err := end(lease.Conn()); err != nil {
				t.Fatal(err)
			}
			if m.Has("a") || events.count("connection:close a") != 1 {
				t.Errorf("Has %v, events %v", m.Has("a"), events.list())
			}
			works(t, get(t, m, "a"))
			lease.Release()
		})
	}
}

func TestManyNamesFromManyGoroutines(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				name := string(rune('a' + i%20))
				c, err := m.Get(t.Context(), name, fakeConfig(name))
				if err != nil || c.Name() != name {
					t.Errorf("got %v, %v", c, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if f.opened() != 20 {
		t.Errorf("opened %d for 20 names", f.opened())
	}
}

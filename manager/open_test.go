package manager_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

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
			if got := <-r; !errors.Is(got.err, context.Canceled) || conn.KindOf(got.err) != conn.KindCanceled {
				t.Fatalf("a canceled caller got %v, %v", got.conn, got.err)
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

func TestWithoutCallersTheOpeningIsCanceledAndTheNextStartsAfresh(t *testing.T) {
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
		// The driver has not noticed yet: those who come now must wait for that, but not share its fate.
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

func TestACallerWhoWaitsForACanceledOpeningMayLeave(t *testing.T) {
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
			if name == "panic" && (!errors.As(err, &p) || !errors.Is(err, broken) || !strings.Contains(string(p.Stack), "open_test.go")) {
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

package manager_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

func TestCloseIsIdempotentAndAMissingNameIsNoError(t *testing.T) {
	f := newFake()
	m, events := f.manager(t)
	c := get(t, m, "a")
	for range 2 {
		if err := m.Close(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	}
	if err := m.Close(t.Context(), "never"); err != nil {
		t.Error(err)
	}
	isClosed(t, c)
	if m.Has("a") || events.count("connection:close a") != 1 {
		t.Errorf("Has %v, events %v", m.Has("a"), events.list())
	}
	works(t, get(t, m, "a"))
}

func TestCloseWaitsForLeasesAndQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t)
		lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
		if err != nil {
			t.Fatal(err)
		}
		busy, err := lease.Conn().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(2*time.Second, lease.Release)
		time.AfterFunc(4*time.Second, func() { _ = busy.Close() })
		time.AfterFunc(time.Second, func() {
			works(t, lease.Conn())
			works(t, get(t, m, "a")) // a new generation, while the old one is draining
		})
		start := time.Now()
		if err := m.Close(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 4*time.Second || took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		isClosed(t, lease.Conn())
		works(t, get(t, m, "a"))
	})
}

func TestNoLeaseOutlivesAForcedClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t)
		for _, end := range []struct {
			name string
			ctx  func() (context.Context, context.CancelFunc)
			err  error
			took time.Duration
		}{
			{"after the close timeout", func() (context.Context, context.CancelFunc) { return t.Context(), func() {} }, context.DeadlineExceeded, 5 * time.Second},
			{"when the caller's context ends", func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), time.Second) }, context.DeadlineExceeded, time.Second},
			{"at once", func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				return ctx, cancel
			}, context.Canceled, 0},
		} {
			lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := end.ctx()
			start := time.Now()
			err = m.Close(ctx, "a")
			cancel()
			var e *conn.Error
			if !errors.As(err, &e) || e.Name != "a" || !errors.Is(err, end.err) || !strings.Contains(err.Error(), "leases not released: 1") {
				t.Errorf("%s: got %v", end.name, err)
			}
			if took := time.Since(start); took < end.took || took > end.took+200*time.Millisecond {
				t.Errorf("%s: took %v", end.name, took)
			}
			isClosed(t, lease.Conn())
			lease.Release()
			if m.Has("a") {
				t.Errorf("%s: the name is not free", end.name)
			}
		}
		if events.count("error a") != 3 || events.count("connection:close a") != 0 {
			t.Errorf("events %v", events.list())
		}
	})
}

func TestAPoolAtRestIsClosedInOrderEvenWithoutTime(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t)
	get(t, m, "a")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.CloseAll(ended); err != nil {
		t.Error(err)
	}
}

func TestCloseWhileOpeningCancelsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		gate(f)
		m, events := f.manager(t)
		_, results := crowd(t, m, 10)
		if err := m.Close(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		for _, r := range results {
			if got := <-r; !errors.Is(got.err, manager.ErrClosed) {
				t.Errorf("got %v", got.err)
			}
		}
		if f.open() != 0 || strings.Join(events.list(), ", ") != "connection:error a" {
			t.Errorf("%d open, events %v", f.open(), events.list())
		}
	})
}

func TestALateWinnerIsClosedExactlyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t)
		cancel := observer.Once(events.bus, func(conn.Opened) { time.Sleep(2 * time.Second) }) // it is open, and not yet handed over
		defer cancel()
		_, results := crowd(t, m, 3)
		start := time.Now()
		if err := m.Close(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("Close did not wait for it: %v", took)
		}
		for _, r := range results {
			if got := <-r; !errors.Is(got.err, manager.ErrClosed) {
				t.Errorf("got %v, %v", got.conn, got.err)
			}
		}
		f.check(t)
		if got := strings.Join(events.list(), ", "); got != "connection:open a, connection:close a" {
			t.Errorf("events %s", got)
		}
	})
}

func TestADriverThatHangsWhileOpeningDoesNotHoldTheName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		stuck := make(chan struct{})
		f.connect = func(context.Context, registry.Config) error { <-stuck; return nil }
		m, _ := f.manager(t)
		_, results := crowd(t, m, 1)
		start := time.Now()
		err := m.Close(t.Context(), "a")
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took < 5*time.Second || took > 5200*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if got := <-results[0]; !errors.Is(got.err, manager.ErrClosed) {
			t.Errorf("got %v", got.err)
		}
		f.connect = nil
		works(t, get(t, m, "a"))
		close(stuck)
		synctest.Wait()
		works(t, get(t, m, "a"))
		if f.open() != 1 {
			t.Errorf("%d open, so that what came late was not closed", f.open())
		}
	})
}

func TestCloseAllTakesAboutOneTimeoutWhenAPoolHangs(t *testing.T) {
	for name, hang := range map[string]func(t *testing.T, f *fake, m *manager.Manager){
		"a lease": func(t *testing.T, _ *fake, m *manager.Manager) {
			if _, err := m.Acquire(t.Context(), "n33", fakeConfig("n33")); err != nil {
				t.Fatal(err)
			}
		},
		"a query": func(t *testing.T, _ *fake, m *manager.Manager) {
			busy, err := get(t, m, "n33").Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Minute, func() { _ = busy.Close() })
		},
		"closing": func(_ *testing.T, f *fake, _ *manager.Manager) {
			f.closing = func(cfg registry.Config) {
				if cfg.Database == "n33" {
					time.Sleep(time.Minute)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				m, events := f.manager(t)
				for i := range 200 {
					get(t, m, fmt.Sprint("n", i))
				}
				hang(t, f, m)
				start := time.Now()
				err := m.CloseAll(t.Context())
				if took := time.Since(start); took < 5*time.Second || took > 5500*time.Millisecond {
					t.Errorf("took %v", took)
				}
				if err == nil || strings.Count(err.Error(), "connection ") != 1 || !strings.Contains(err.Error(), `"n33"`) {
					t.Errorf("got %v", err)
				}
				if events.count("error n33") != 1 || len(events.list()) != 400 || len(m.Names()) != 0 {
					t.Errorf("%d events, open are %v", len(events.list()), m.Names())
				}
				time.Sleep(time.Hour) // what hangs ends at last
			})
		})
	}
}

func TestCloseAllRefusesWhatWouldOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithConfigs(map[string]conn.Config{"named": fakeConfig("named")}))
		lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
		if err != nil {
			t.Fatal(err)
		}
		closed := make(chan error, 2)
		go func() { closed <- m.CloseAll(t.Context()) }()
		synctest.Wait()
		for name, open := range map[string]func() error{
			"Get":     func() error { _, err := m.Get(t.Context(), "b", fakeConfig("b")); return err },
			"Get a":   func() error { _, err := m.Get(t.Context(), "a", fakeConfig("a")); return err },
			"Acquire": func() error { _, err := m.Acquire(t.Context(), "b", fakeConfig("b")); return err },
			"Named":   func() error { _, err := m.Named(t.Context(), "named"); return err },
			"Replace": func() error { return m.Replace(t.Context(), "b", fakeConfig("b")) },
			"Reload":  func() error { return m.Reload(t.Context(), nil) },
			"Track":   func() error { return m.Track(lease.Conn()) },
		} {
			if err := open(); !errors.Is(err, manager.ErrClosing) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		go func() { closed <- m.CloseAll(t.Context()) }() // waits for the first
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := m.CloseAll(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		select {
		case err := <-closed:
			t.Errorf("returned before the lease was released: %v", err)
		default:
		}
		lease.Release()
		if first, second := <-closed, <-closed; first != nil || second != nil {
			t.Errorf("got %v and %v", first, second)
		}
		works(t, get(t, m, "b"))
	})
}

func TestClosingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var now, most atomic.Int32
		f.closing = func(registry.Config) {
			n := now.Add(1)
			for {
				old := most.Load()
				if n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
			time.Sleep(time.Second)
			now.Add(-1)
		}
		m, _ := f.manager(t)
		for i := range 300 {
			get(t, m, fmt.Sprint("n", i))
		}
		start := time.Now()
		if err := m.CloseAll(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); most.Load() != 64 || took > 6*time.Second {
			t.Errorf("%d at a time, and took %v", most.Load(), took)
		}
	})
}

func TestCloseFromManySidesClosesOnce(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t)
	for range 50 {
		get(t, m, "a")
		var wg sync.WaitGroup
		for _, end := range []func() error{
			func() error { return m.Close(t.Context(), "a") },
			func() error { return m.CloseAll(t.Context()) },
			func() error { return m.Close(t.Context(), "a") },
			func() error { return m.Replace(t.Context(), "a", replaced()) },
		} {
			wg.Go(func() {
				if err := end(); err != nil && !errors.Is(err, manager.ErrClosing) && !errors.Is(err, manager.ErrClosed) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := m.CloseAll(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// F1: the pools that hang hold all the turns of closing, and have no timeout of their own.
func TestCloseKeepsToItsContextBehindPoolsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t, manager.WithCloseTimeout(-1), manager.WithGrace(-1))
		for i := range 64 {
			name := fmt.Sprint("n", i)
			busy, err := get(t, m, name).Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Minute, func() { _ = busy.Close() })
			if err := m.Replace(t.Context(), name, fakeConfig(name)); err != nil {
				t.Fatal(err)
			}
		}
		get(t, m, "rest")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		if err := m.Close(ctx, "rest"); err != nil {
			t.Errorf("got %v, and nothing was lost", err)
		}
		if took := time.Since(start); took > 250*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if events.count("connection:close rest") != 1 {
			t.Errorf("events %v", events.list())
		}
	})
}

// What comes too late is closed while its opening lands, and a driver may panic over that as well.
func TestADriverThatPanicsWhileClosingALateWinnerIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t)
		wrong, broken := errors.New("not closed"), errors.New("index out of range")
		late := true
		f.end = func() error {
			if late {
				return wrong
			}
			return nil
		}
		f.asked = func(err error) {
			if errors.Is(err, wrong) {
				panic(broken)
			}
		}
		cancel := observer.Once(events.bus, func(conn.Opened) { time.Sleep(2 * time.Second) }) // it is open, and not yet handed over
		defer cancel()
		_, results := crowd(t, m, 1)
		err := m.Close(t.Context(), "a")
		e, ok := errors.AsType[*conn.Error](err)
		if !ok || e.Name != "a" || !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		if p, ok := errors.AsType[*manager.PanicError](err); !ok || !strings.Contains(string(p.Stack), "close_test.go") {
			t.Errorf("got %v", err)
		}
		if got := <-results[0]; !errors.Is(got.err, manager.ErrClosed) {
			t.Errorf("got %v", got.err)
		}
		late = false
		works(t, get(t, m, "a"))
	})
}

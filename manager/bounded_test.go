package manager_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// blocks lists what waits, and atOnce what does not, of all that the package exports with a body. Their tests are
// below: for each function that blocks, each of its waits is made to hang.
var (
	blocks = []string{"Get", "Acquire", "Named", "AcquireNamed", "Replace", "Reload", "Close", "CloseAll", "CloseOn"}
	atOnce = []string{"Has", "IsClosing", "Names", "Observer", "Peek", "Stats", "Totals", "Track"}
)

func TestEachMethodIsInTheTableOfThoseThatBlock(t *testing.T) {
	for method := range reflect.TypeFor[*manager.Manager]().Methods() {
		if slices.Contains(blocks, method.Name) == slices.Contains(atOnce, method.Name) {
			t.Errorf("%s is not in one of the two lists", method.Name)
		}
	}
}

const (
	given = time.Second
	soon  = 700 * time.Millisecond // what may be on top of it, for cutting off
)

// hanging is a manager where something hangs until the test ends.
type hanging struct {
	*manager.Manager
	t     *testing.T
	fake  *fake
	bus   *observer.Bus
	stuck chan struct{} // closed when the test ends
	ended context.Context
	well  atomic.Bool // the driver hangs no more
}

// newHanging returns one whose test ends by a function that is to be called.
func newHanging(t *testing.T, opts ...manager.Option) (h *hanging, end func()) {
	f := newFake()
	m, events := f.manager(t, append(opts, manager.WithConfigs(configs{"x": fakeConfig("x")}))...)
	ended, cancel := context.WithCancel(context.Background())
	h = &hanging{Manager: m, t: t, fake: f, bus: events.bus, stuck: make(chan struct{}), ended: ended}
	return h, func() {
		cancel()
		close(h.stuck)
		synctest.Wait()
		time.Sleep(time.Hour)
	}
}

// on returns a hook of the fake that hangs for one database, or for all that the manager opens.
func (h *hanging) on(database string) func(context.Context, registry.Config) error {
	return func(_ context.Context, cfg registry.Config) error {
		if !h.well.Load() && (cfg.Database == database || database == "" && cfg.Database != "tracked") {
			<-h.stuck
		}
		return nil
	}
}

func (h *hanging) open(name string) *conn.Conn { return get(h.t, h.Manager, name) }

func (h *hanging) lease(name string) {
	lease, err := h.Acquire(h.t.Context(), name, fakeConfig(name))
	if err != nil {
		h.t.Fatal(err)
	}
	context.AfterFunc(h.ended, lease.Release)
}

// briefly opens x for a caller who does not wait for long.
func (h *hanging) briefly() {
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Millisecond)
	defer cancel()
	if _, err := h.Named(ctx, "x"); err == nil {
		h.t.Error("opened, though the driver hangs")
	}
}

var openings = map[string]func(ctx context.Context, m *manager.Manager) error{
	"Get": func(ctx context.Context, m *manager.Manager) error {
		_, err := m.Get(ctx, "x", fakeConfig("x"))
		return err
	},
	"Acquire": func(ctx context.Context, m *manager.Manager) error {
		return released(m.Acquire(ctx, "x", fakeConfig("x")))
	},
	"Named": func(ctx context.Context, m *manager.Manager) error { _, err := m.Named(ctx, "x"); return err },
	"AcquireNamed": func(ctx context.Context, m *manager.Manager) error {
		return released(m.AcquireNamed(ctx, "x"))
	},
	"Replace": func(ctx context.Context, m *manager.Manager) error { return m.Replace(ctx, "x", fakeConfig("x")) },
}

func released(l *manager.Lease, err error) error {
	if err == nil {
		l.Release()
	}
	return err
}

// What opening x may wait for; those who ask for it have a context of a second.
var opensBehind = map[string]func(*hanging){
	"the driver connects": func(h *hanging) { h.fake.connect = h.on("x") },
	"the test query":      func(h *hanging) { h.fake.test = h.on("x") },
	"a place":             func(h *hanging) { h.lease("other") },
	"a listener":          func(h *hanging) { observer.On(h.bus, func(conn.Opened) { <-h.stuck }) },
	"an opening that was given up": func(h *hanging) {
		h.fake.connect = h.on("x")
		h.briefly()
	},
	"an opening by others": func(h *hanging) {
		h.fake.connect = h.on("x")
		go func() { _ = h.Replace(h.ended, "x", fakeConfig("x")) }()
		synctest.Wait()
	},
}

func TestOpeningEndsWithItsContextWhateverHangs(t *testing.T) {
	for what, hang := range opensBehind {
		for name, open := range openings {
			t.Run(name+" behind "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h, end := newHanging(t, manager.WithLimit(1), manager.WithCloseTimeout(-1))
					defer end()
					hang(h)
					ctx, cancel := context.WithTimeout(t.Context(), given)
					defer cancel()
					start := time.Now()
					err := open(ctx, h.Manager)
					took := time.Since(start)
					if took > given+soon {
						t.Errorf("took %v", took)
					}
					if what == "an eviction" && err == nil {
						// The driver need not be waited for as long as that.
					} else if took < given || !errors.Is(err, context.DeadlineExceeded) || conn.KindOf(err) != conn.KindCanceled {
						t.Errorf("after %v: %v", took, err)
					}
					h.returnsAtOnce()
				})
			})
		}
	}
}

// An opening that does not end holds its name for the close timeout, and not for ever.
func TestAnEvictionWhoseDriverHangsGivesItsPlaceUp(t *testing.T) {
	for name, open := range openings {
		synctest.Test(t, func(t *testing.T) {
			h, end := newHanging(t, manager.WithLimit(1), manager.WithCloseTimeout(-1))
			defer end()
			h.open("other")
			h.fake.closing = func(registry.Config) { <-h.stuck }
			start := time.Now()
			if err := open(t.Context(), h.Manager); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(start); took > soon {
				t.Errorf("%s took %v", name, took)
			}
		})
	}
}

func TestANameIsOpenedAgainAfterTheCloseTimeoutOfOneThatHangs(t *testing.T) {
	for name, open := range openings {
		synctest.Test(t, func(t *testing.T) {
			h, end := newHanging(t, manager.WithCloseTimeout(given))
			defer end()
			h.fake.connect = h.on("x")
			h.briefly()
			h.well.Store(true)
			start := time.Now()
			if err := open(t.Context(), h.Manager); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(start); took > given {
				t.Errorf("%s took %v", name, took)
			}
		})
	}
}

func TestReloadEndsWithItsContextWhateverHangs(t *testing.T) {
	for what, hang := range map[string]func(*hanging){
		"the driver connects": func(h *hanging) { h.fake.connect = h.on("y") },
		"the test query":      func(h *hanging) { h.fake.test = h.on("y") },
		"a listener": func(h *hanging) {
			observer.On(h.bus, func(conn.Opened) { <-h.stuck })
		},
		"another Reload": func(h *hanging) {
			h.fake.connect = h.on("x2")
			go func() { _ = h.Reload(h.ended, configs{"x": fakeConfig("x2")}) }()
			synctest.Wait()
		},
		"a connection that is gone": func(h *hanging) {
			if err := h.Reload(h.t.Context(), configs{"x": fakeConfig("x"), "gone": fakeConfig("gone")}); err != nil {
				h.t.Fatal(err)
			}
			h.lease("gone")
		},
		"what hangs of many": func(h *hanging) {
			h.fake.connect = h.on("")
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, end := newHanging(t, manager.WithCloseTimeout(-1))
				defer end()
				next := configs{"x": fakeConfig("y")}
				if what == "what hangs of many" {
					for range 100 {
						name := unique()
						h.open(name)
						next[name] = fakeConfig("new")
					}
				}
				h.open("x")
				hang(h)
				ctx, cancel := context.WithTimeout(t.Context(), given)
				defer cancel()
				start := time.Now()
				err := h.Reload(ctx, next)
				if took := time.Since(start); took < given || took > given+soon {
					t.Errorf("took %v", took)
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				h.returnsAtOnce()
			})
		})
	}
}

// closings close the connection x and what is left of it.
var closings = map[string]func(ctx context.Context, m *manager.Manager) error{
	"Close":    func(ctx context.Context, m *manager.Manager) error { return m.Close(ctx, "x") },
	"CloseAll": func(ctx context.Context, m *manager.Manager) error { return m.CloseAll(ctx) },
	"Reload":   func(ctx context.Context, m *manager.Manager) error { return m.Reload(ctx, nil) },
}

// What closing x may wait for. Cases F2 and F3 are among them.
var closesBehind = map[string]func(*hanging){
	"a lease": func(h *hanging) { h.lease("x") },
	"a query": func(h *hanging) {
		busy, err := h.open("x").Conn(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		context.AfterFunc(h.ended, func() { _ = busy.Close() })
	},
	"the driver closes a connection": func(h *hanging) {
		h.open("x")
		h.fake.closing = func(registry.Config) { <-h.stuck }
	},
	"the driver closes the pool": func(h *hanging) {
		h.open("x")
		h.fake.end = func() error { <-h.stuck; return nil }
	},
	"a function of OnClose":   func(h *hanging) { h.open("x").OnClose(func() { <-h.stuck }) },
	"a listener of its end":   func(h *hanging) { h.open("x"); observer.On(h.bus, func(conn.Closed) { <-h.stuck }) },
	"OnClose that closes it":  func(h *hanging) { h.open("x").OnClose(func() { _ = h.Close(h.ended, "x") }) },
	"OnClose that closes all": func(h *hanging) { h.open("x").OnClose(func() { _ = h.CloseAll(h.ended) }) },
	"a listener that closes":  func(h *hanging) { h.open("x"); observer.On(h.bus, func(conn.Closed) { _ = h.Close(h.ended, "x") }) },
	"a listener that opens it": func(h *hanging) {
		h.open("x")
		h.fake.connect = h.on("x")
		observer.On(h.bus, func(conn.Closed) { _, _ = h.Get(h.ended, "x", fakeConfig("x")) })
	},
	"an opening": func(h *hanging) {
		h.fake.connect = h.on("x")
		go func() { _, _ = h.Named(h.ended, "x") }()
		synctest.Wait()
	},
	"an opening that was given up": func(h *hanging) {
		h.fake.connect = h.on("x")
		h.briefly()
	},
	"an opening that was given up before": func(h *hanging) {
		h.fake.connect = h.on("x")
		h.briefly()
		ended, cancel := context.WithCancel(h.t.Context())
		cancel()
		if err := h.Close(ended, "x"); err == nil {
			h.t.Error("closed what hangs")
		}
	},
	"a listener of its opening": func(h *hanging) {
		observer.On(h.bus, func(conn.Opened) { <-h.stuck })
		go func() { _, _ = h.Named(h.ended, "x") }()
		synctest.Wait()
	},
	"the end of what came too late": func(h *hanging) {
		observer.On(h.bus, func(conn.Opened) { time.Sleep(10 * time.Millisecond) }) // it is open, and not yet handed over
		h.fake.end = func() error { <-h.stuck; return nil }
		h.briefly()
		time.Sleep(10 * time.Millisecond)
	},
	"what was replaced": func(h *hanging) {
		h.lease("x")
		if err := h.Replace(h.t.Context(), "x", fakeConfig("x")); err != nil {
			h.t.Fatal(err)
		}
	},
}

func TestClosingEndsWithItsContextWhateverHangs(t *testing.T) {
	testClosing(t, -1, func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, given)
	})
}

func TestClosingEndsWithItsTimeoutWhateverHangs(t *testing.T) {
	testClosing(t, given, func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} })
}

func testClosing(t *testing.T, timeout time.Duration, limit func(context.Context) (context.Context, context.CancelFunc)) {
	for what, hang := range closesBehind {
		for name, end := range closings {
			t.Run(name+" behind "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h, over := newHanging(t, manager.WithCloseTimeout(timeout))
					defer over()
					hang(h)
					ctx, cancel := limit(t.Context())
					defer cancel()
					start := time.Now()
					err := end(ctx, h.Manager)
					if took := time.Since(start); took > given+soon {
						t.Errorf("took %v", took)
					}
					// A listener that closes it gives up as well, and one that opens it is refused during a CloseAll.
					if mayEnd := strings.Contains(what, "that closes") || what == "a listener that opens it" && name == "CloseAll"; err == nil && mayEnd {
						if slices.ContainsFunc(h.Stats(), func(s manager.Stat) bool { return s.State != manager.StateClosed }) {
							t.Errorf("no error, and not closed: %+v", h.Stats())
						}
					} else if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"x"`) {
						t.Errorf("got %v", err)
					}
					if h.Has("x") && what != "a listener that opens it" {
						t.Error("the name is not free")
					}
					h.returnsAtOnce()
				})
			})
		}
	}
}

// A CloseAll that waits for another one, and CloseOn, which calls it.
func TestCloseAllBehindAnotherOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, end := newHanging(t, manager.WithCloseTimeout(2*given))
		defer end()
		h.lease("x")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		first := make(chan error, 1)
		go func() { first <- h.CloseOn(ended) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), given)
		defer cancel()
		if err := h.CloseAll(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != given {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if err := <-first; !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 2*given+soon {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// returnsAtOnce calls what does not wait, and must not wait for what hangs either.
func (h *hanging) returnsAtOnce() {
	h.t.Helper()
	start := time.Now()
	h.Has("x")
	h.Names()
	h.Stats()
	other, err := conn.Open(h.t.Context(), fakeConfig("tracked"), conn.WithName("tracked"), conn.WithRegistry(h.fake.registry), conn.WithObserver(nil))
	if err != nil {
		return // the driver hangs for all
	}
	switch err := h.Track(other); {
	case errors.Is(err, manager.ErrClosing): // a listener does that
		if err := other.Close(); err != nil {
			h.t.Error(err)
		}
	case err != nil:
		h.t.Error(err)
	default:
		lease, err := h.AcquireNamed(h.t.Context(), "tracked")
		if err != nil {
			h.t.Fatal(err)
		}
		lease.Release()
	}
	if took := time.Since(start); took != 0 {
		h.t.Errorf("what should return at once took %v", took)
	}
}

// F2: what was given up was forgotten by the first Close, while it went on and kept its place.
func TestAnOpeningThatHangsIsSeenUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, end := newHanging(t, manager.WithLimit(1), manager.WithCloseTimeout(given))
		h.fake.connect = h.on("x")
		go func() { _, _ = h.Get(t.Context(), "x", fakeConfig("x")) }()
		time.Sleep(time.Second)
		within := func(d time.Duration, f func(context.Context) error) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			err := f(ctx)
			if e, ok := errors.AsType[*conn.Error](err); !ok || e.Name != "x" || !strings.Contains(err.Error(), "has not returned") {
				t.Errorf("got %v", err)
			}
			var rows []manager.Stat
			for _, s := range h.Stats() {
				if s.State != manager.StateClosed {
					rows = append(rows, s)
				}
			}
			if len(rows) != 1 || rows[0].Name != "x" || rows[0].State != manager.StateCanceling || rows[0].State.String() != "canceling" || rows[0].Age < time.Second {
				t.Errorf("stats %+v", rows)
			}
		}
		closeX := func(ctx context.Context) error { return h.Close(ctx, "x") }
		within(50*time.Millisecond, closeX)
		within(time.Minute, closeX)
		within(50*time.Millisecond, h.CloseAll)
		within(time.Minute, h.CloseAll)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := h.Get(ctx, "b", fakeConfig("b"))
		if err == nil || !strings.Contains(err.Error(), "connection limit of 1 reached and all are in use, 1 of them by openings that were given up and whose driver has not returned") {
			t.Errorf("got %v", err)
		}
		done := make(chan error)
		go func() { done <- h.CloseAll(t.Context()) }()
		synctest.Wait()
		end()
		if err := <-done; err != nil {
			t.Errorf("what ended in time: %v", err)
		}
		works(t, get(t, h.Manager, "b"))
		if stats := h.Stats(); len(stats) != 2 || stats[0].Name != "b" || stats[1].State != manager.StateClosed {
			t.Errorf("stats %+v", stats)
		}
	})
}

func goesOn(err error) bool { _, ok := errors.AsType[*conn.HangError](err); return ok }

// Package conn may give up on a driver before the callers do. They get its error at once, and the place is the driver's
// until it ends.
func TestADriverThatGoesOnKeepsItsPlaceAndNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		stuck := make(chan struct{})
		f.connect = func(_ context.Context, cfg registry.Config) error {
			if cfg.Database == "x" {
				<-stuck
			}
			return nil
		}
		x := fakeConfig("x")
		x.ConnectTimeout = time.Second
		m, _ := f.manager(t, manager.WithLimit(1), manager.WithConfigs(configs{"x": x}))
		start := time.Now()
		if _, err := m.Named(t.Context(), "x"); !goesOn(err) || time.Since(start) > 20*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		stats := m.Stats()
		if len(stats) != 2 || stats[0].State != manager.StateCanceling || stats[1].State != manager.StateClosed || !goesOn(stats[1].Err) {
			t.Errorf("stats %+v", stats)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.Get(ctx, "y", fakeConfig("y")); err == nil || !strings.Contains(err.Error(), "1 of them by openings that were given up") {
			t.Errorf("got %v", err)
		}
		start = time.Now()
		if err := m.Close(t.Context(), "x"); err == nil || time.Since(start) < 5*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		close(stuck)
		synctest.Wait() // what the earlier attempts open is closed, too
		works(t, get(t, m, "y"))
		if err := m.CloseAll(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Each that hangs was waited for a moment of its own.
func TestManyThatHangTakeNoLongerThanOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, end := newHanging(t)
		defer end()
		h.fake.connect = h.on("")
		for range 500 {
			go func() { _, _ = h.Get(h.ended, unique(), fakeConfig("hangs")) }()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), given)
		defer cancel()
		start := time.Now()
		err := h.CloseAll(ctx)
		if took := time.Since(start); took > given+soon {
			t.Errorf("took %v", took)
		}
		if n := strings.Count(err.Error(), "has not returned"); n != 500 {
			t.Errorf("%d errors", n)
		}
	})
}

var names atomic.Int64

func unique() string { return fmt.Sprint("n", names.Add(1)) }

// A listener that does not return must not keep what was evicted open.
func TestAListenerOfAnEvictionThatHangsKeepsNothingOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, end := newHanging(t, manager.WithLimit(1), manager.WithCloseTimeout(given))
		defer end()
		observer.On(h.bus, func(manager.Evicted) { <-h.stuck })
		old := h.open("a")
		h.open("b")
		works(t, old)
		start := time.Now()
		if err := h.Close(t.Context(), "a"); err != nil || time.Since(start) > given {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		isClosed(t, old)
	})
}

// What ends its goroutine, as t.FailNow does in a test, must not leave anything open or anybody waiting.
func TestWhoeverEndsTheGoroutineOfAClosingLeavesNothingBehind(t *testing.T) {
	for what, arrange := range map[string]func(*hanging){
		"a function of OnClose": func(h *hanging) { h.open("x").OnClose(runtime.Goexit) },
		"a panic of OnClose":    func(h *hanging) { h.open("x").OnClose(func() { panic("no") }) },
		"a listener":            func(h *hanging) { h.open("x"); observer.On(h.bus, func(conn.Closed) { runtime.Goexit() }) },
		"an eviction": func(h *hanging) {
			observer.On(h.bus, func(manager.Evicted) { runtime.Goexit() })
			h.open("x")
			h.open("y")
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, end := newHanging(t, manager.WithLimit(1))
				defer end()
				arrange(h)
				start := time.Now()
				err := h.Close(t.Context(), "x")
				if time.Since(start) != 0 {
					t.Errorf("took %v", time.Since(start))
				}
				if what != "an eviction" {
					if p, ok := errors.AsType[*manager.PanicError](err); !ok || len(p.Stack) == 0 || conn.KindOf(err) != conn.KindUnknown {
						t.Errorf("got %v", err)
					}
				} else if err != nil {
					t.Error(err)
				}
				if err := h.CloseAll(t.Context()); err != nil {
					t.Error(err)
				}
				h.fake.check(t)
				if stats := h.Stats(); len(stats) != 1 || stats[0].State != manager.StateClosed {
					t.Errorf("stats %+v", stats)
				}
			})
		})
	}
}

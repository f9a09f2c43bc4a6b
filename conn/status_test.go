package conn_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/observer/eventlog"
	"github.com/patchbay-go/patchbay/registry"
)

// troubles are the events of a pool that is lost and restored, without those of its opening.
func (r *recorded) troubles() []string {
	return slices.DeleteFunc(r.names(), func(name string) bool {
		return name != "connection:lost" && name != "connection:restore"
	})
}

func TestALostDatabaseIsToldOnceAndItsReturn(t *testing.T) {
	for _, pool := range []conn.Pool{{MaxIdle: -1}, {Min: 2}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			var down atomic.Bool
			f.hint = "start it"
			f.connect = func(context.Context, int, registry.Env) error {
				if down.Load() {
					return errRefused
				}
				return nil
			}
			c, r, err := openFake(t, f, conn.Config{Pool: pool})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if s := c.Status(); !s.Lost.IsZero() || s.Failure != nil || !s.Retry.IsZero() || s.Dials.Opened == 0 || s.Dials.Failed != nil || s.Min != pool.Min || s.MaxIdle != max(pool.MaxIdle, 0) && pool.MaxIdle != 0 {
				t.Errorf("%+v: of a sound pool: %+v", pool, s)
			}
			down.Store(true)
			f.kill()
			if pool.Min == 0 { // else the keeper asks
				for range 3 {
					if err := c.PingContext(t.Context()); err == nil {
						t.Fatal("no error")
					}
				}
			} else {
				time.Sleep(time.Minute)
			}
			synctest.Wait()
			lost := of[conn.Lost](r)
			if len(lost) != 1 || lost[0].Name != "orders" || lost[0].Kind != conn.KindUnreachable || lost[0].Hint != "start it" || !errors.Is(lost[0].Err, errRefused) {
				t.Fatalf("%+v: %+v", pool, lost)
			}
			s := c.Status()
			if s.Lost.IsZero() || s.Failure == nil || s.Failure.Kind != conn.KindUnreachable || s.Dials.Failed[conn.KindUnreachable] == 0 {
				t.Errorf("%+v: %+v", pool, s)
			}
			if (pool.Min > 0) != s.Retry.After(time.Now()) {
				t.Errorf("%+v: the next attempt is at %v", pool, s.Retry)
			}
			down.Store(false)
			if pool.Min == 0 {
				if err := c.PingContext(t.Context()); err != nil {
					t.Fatal(err)
				}
			} else {
				time.Sleep(time.Minute)
			}
			synctest.Wait()
			if got := r.troubles(); !slices.Equal(got, []string{"connection:lost", "connection:restore"}) {
				t.Errorf("%+v: %v", pool, got)
			}
			if s := c.Status(); !s.Lost.IsZero() || s.Failure == nil || !s.Retry.IsZero() {
				t.Errorf("%+v: afterwards %+v", pool, s)
			}
		})
	}
}

// A caller that gives up says nothing of the database; all of them for as long as the connect timeout do.
func TestCallersThatGiveUpLoseADatabaseTogetherOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(ctx context.Context, n int, _ registry.Env) error {
			if n > 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		c, r, err := openFake(t, f, conn.Config{ConnectTimeout: 5 * time.Second, Pool: conn.Pool{MaxIdle: -1}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f.kill()
		for i := range 6 {
			if n := len(of[conn.Lost](r)); n != i/5 {
				t.Errorf("after %d callers it was lost %d times", i, n)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := c.PingContext(ctx); err == nil {
				t.Error("no error")
			}
			cancel()
		}
		synctest.Wait()
		if lost := of[conn.Lost](r); len(lost) != 1 || lost[0].Kind != conn.KindTimeout {
			t.Errorf("%+v", lost)
		}
	})
}

// A database that is opened lazily has not been there: what it cannot reach, Status tells.
func TestALazyPoolIsNotLostBeforeItWasThere(t *testing.T) {
	f := newFake()
	f.connect = func(_ context.Context, n int, _ registry.Env) error {
		if n != 2 {
			return errAuth
		}
		return nil
	}
	c, r, err := openFake(t, f, conn.Config{Lazy: true, Pool: conn.Pool{MaxIdle: -1}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 3 {
		if err := c.PingContext(t.Context()); (err == nil) != (i == 1) {
			t.Errorf("ping %d: %v", i, err)
		}
		s := c.Status()
		if s.Failure == nil || s.Failure.Kind != conn.KindAuth || s.Lost.IsZero() != (i < 2) {
			t.Errorf("after ping %d: %+v", i, s)
		}
	}
	if got := r.names(); !slices.Equal(got, []string{"connection:error", "connection:open", "connection:lost"}) {
		t.Errorf("%v", got)
	}
}

// What fails while a database is opened is told by the events of that.
func TestAFailedOpeningLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(context.Context, int, registry.Env) error { return errRefused }
		var retries []conn.Retrying
		_, r, err := openFake(t, f, conn.Config{}, conn.WithOnRetry(func(e conn.Retrying) { retries = append(retries, e) }))
		if err == nil || len(r.troubles()) > 0 {
			t.Errorf("%v, %v", err, r.names())
		}
		failed, told := of[conn.Failed](r), of[conn.Retrying](r)
		if len(failed) != 1 || failed[0].Hint == "" || len(retries) != 3 || len(told) != 3 || told[0].Hint == "" {
			t.Errorf("%+v, %+v, %+v", failed, told, retries)
		}
	})
}

func TestEveryDialIsToldAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(_ context.Context, n int, _ registry.Env) error {
			time.Sleep(20 * time.Millisecond)
			if n == 1 {
				return errRefused
			}
			return nil
		}
		bus := observer.New()
		var dials []conn.Dialed
		observer.On(bus, func(e conn.Dialed) { dials = append(dials, e) })
		c, err := conn.Open(t.Context(), conn.Config{Dialect: "fake"}, conn.WithRegistry(f.registry), conn.WithObserver(bus))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		want := []conn.Dialed{
			{"__default__", "fake", "", conn.RoleAny, 20 * time.Millisecond, true, conn.KindUnreachable},
			{"__default__", "fake", "", conn.RoleAny, 20 * time.Millisecond, false, conn.KindUnknown},
		}
		if !slices.Equal(dials, want) {
			t.Errorf("%+v", dials)
		}
		d := c.Status().Dials
		if d.Opened != 1 || d.Failed[conn.KindUnreachable] != 1 || d.Took != 20*time.Millisecond || len(d.Within) != len(conn.DialTimes())+1 {
			t.Errorf("%+v", d)
		}
		for i, n := range d.Within {
			if (n == 1) != (i < len(conn.DialTimes()) && conn.DialTimes()[i] == 25*time.Millisecond) {
				t.Errorf("%+v", d)
			}
		}
	})
}

// A listener that ends the goroutine must not keep the events after it.
func TestTroublesAreInOrderWhateverAListenerDoes(t *testing.T) {
	f := newFake()
	var down atomic.Bool
	f.connect = func(context.Context, int, registry.Env) error {
		if down.Load() {
			return errRefused
		}
		return nil
	}
	c, r, err := openFake(t, f, conn.Config{Pool: conn.Pool{MaxIdle: -1}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	observer.On(r.bus, func(conn.Lost) { panic("a listener") })
	for range 3 {
		down.Store(true)
		f.kill()
		_ = c.PingContext(t.Context())
		down.Store(false)
		if err := c.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := slices.Repeat([]string{"connection:lost", "connection:restore"}, 3)
	if got := r.troubles(); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// The real servers, behind a proxy that refuses, freezes and comes back.
func TestARealServerIsLostAndRestored(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := servers[dialect](t)
		for _, smallest := range []int{0, 2} {
			cfg, p := through(t, s)
			cfg.ConnectTimeout = time.Second
			cfg.Pool = conn.Pool{Min: smallest, Max: 4}
			r := record(t)
			c, err := conn.Open(limit(t), cfg, conn.WithObserver(r.bus), conn.WithCheckInterval(100*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			for _, trouble := range []struct {
				begin, end func()
				kind       conn.Kind
			}{
				{func() { p.Refuse(); p.CloseAll() }, p.Accept, conn.KindUnreachable},
				{p.Stall, p.Resume, conn.KindTimeout},
			} {
				events := len(r.troubles())
				told := func(n int) bool {
					if smallest == 0 {
						ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
						defer cancel()
						_ = c.PingContext(ctx)
					}
					return len(r.troubles()) >= events+n
				}
				trouble.begin()
				await(t, "an event", func() bool { return told(1) })
				if lost := of[conn.Lost](r); lost[len(lost)-1].Kind != trouble.kind || lost[len(lost)-1].Hint == "" {
					t.Errorf("Min %d: %+v", smallest, lost)
				}
				trouble.end()
				await(t, "an event", func() bool { return told(2) })
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if got := r.troubles(); !slices.Equal(got, slices.Repeat([]string{"connection:lost", "connection:restore"}, 2)) {
				t.Errorf("Min %d: %v", smallest, got)
			}
		}
	})
}

func TestTroublesAreWarningsInTheLog(t *testing.T) {
	var text strings.Builder
	log := eventlog.Listener(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log(conn.Lost{Name: "orders", Dialect: "fake", Kind: conn.KindAuth, Hint: "verify", Err: errAuth})
	log(conn.Restored{Name: "orders", Dialect: "fake", After: time.Second})
	log(conn.Warmed{Name: "orders", Dialect: "fake", Kind: conn.KindAuth, Hint: "verify", Err: errAuth})
	log(conn.Dialed{Name: "orders", Dialect: "fake", Failed: true})
	if got := text.String(); strings.Count(got, "level=WARN") != 3 || strings.Count(got, "hint=verify") != 2 || strings.Count(got, "kind=auth") != 2 || strings.Contains(got, ":dial") {
		t.Errorf("%s", got)
	}
}

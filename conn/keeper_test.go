package conn_test

import (
	"context"
	"database/sql"
	"maps"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

func TestAPoolIsWarmedAtOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		atOnce, most := 0, 0
		f.connect = func(context.Context, int, registry.Env) error {
			f.mu.Lock()
			atOnce++
			most = max(most, atOnce)
			f.mu.Unlock()
			time.Sleep(time.Second)
			f.mu.Lock()
			atOnce--
			f.mu.Unlock()
			return nil
		}
		start := time.Now()
		c, r, err := openFake(t, f, conn.Config{Pool: conn.Pool{Min: 8}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if stats := c.Stats(); stats.Idle != 8 || stats.InUse != 0 || f.dials() != 8 || most != 4 {
			t.Errorf("%+v after %d dials, at most %d at once", stats, f.dials(), most)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it took %v, want one connection and then seven, four at a time", took)
		}
		warmed := of[conn.Warmed](r)
		if len(warmed) != 1 || warmed[0].Ready != 8 || warmed[0].Min != 8 || warmed[0].Err != nil || !slices.Equal(r.names(), []string{"connection:open", "connection:warm"}) {
			t.Errorf("%v: %+v", r.names(), warmed)
		}
	})
}

func TestAWarmUpThatFailsPartlyIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(_ context.Context, n int, _ registry.Env) error {
			if n == 2 || n == 4 {
				return errRefused
			}
			return nil
		}
		c, r, err := openFake(t, f, conn.Config{Pool: conn.Pool{Min: 4}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		warmed := of[conn.Warmed](r)
		if len(warmed) < 2 || warmed[0].Err == nil || warmed[len(warmed)-1].Err != nil || warmed[len(warmed)-1].Ready != 4 || f.alive() != 4 {
			t.Errorf("%d alive: %+v", f.alive(), warmed)
		}
	})
}

// A driver, or what a program lends it, may end its goroutine, as testing.T.FailNow does.
func TestAWarmUpOutlivesAnEndOfItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(_ context.Context, n int, _ registry.Env) error {
			if n > 1 {
				runtime.Goexit()
			}
			return nil
		}
		c, _, err := openFake(t, f, conn.Config{Pool: conn.Pool{Min: 3}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestDeadIdleConnectionsAreReplacedWithoutACaller(t *testing.T) {
	for _, pool := range []conn.Pool{{Min: 4}, {Min: 4, Max: 4}, {Min: 1, Max: 1}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			c, r, err := openFake(t, f, conn.Config{Pool: pool})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			f.kill()
			time.Sleep(time.Minute)
			synctest.Wait()
			if f.alive() != pool.Min || len(f.conns()) != pool.Min {
				t.Errorf("%+v: %d of %d connections are alive", pool, f.alive(), len(f.conns()))
			}
			if warmed := of[conn.Warmed](r); warmed[len(warmed)-1].Ready != pool.Min || len(warmed) < 2 {
				t.Errorf("%+v: %+v", pool, warmed)
			}
			if f.most > max(pool.Max, pool.Min) {
				t.Errorf("%+v: at one time there were %d", pool, f.most)
			}
			dials, events := f.dials(), len(r.names())
			time.Sleep(time.Hour)
			synctest.Wait()
			if f.dials() != dials || len(r.names()) != events {
				t.Errorf("%+v: a pool at rest dialed %d times more and emitted %v", pool, f.dials()-dials, r.names()[events:])
			}
		})
	}
}

func TestMinSurvivesTheIdleTimeAndTheRestDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, _, err := openFake(t, f, conn.Config{Pool: conn.Pool{Min: 2, MaxIdleTime: time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		held := hold(t, c, 6)
		for _, one := range held {
			if err := one.Close(); err != nil {
				t.Error(err)
			}
		}
		if idle := c.Stats().Idle; idle != 6 {
			t.Errorf("%d idle", idle)
		}
		time.Sleep(10 * time.Minute)
		if stats := c.Stats(); stats.Idle != 2 || f.dials() != 6 {
			t.Errorf("%+v after %d dials", stats, f.dials())
		}
	})
}

func hold(t *testing.T, c *conn.Conn, n int) (held []*sql.Conn) {
	t.Helper()
	for range n {
		one, err := c.DB.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, one)
	}
	return held
}

func TestAWarmedPoolDoesNotExpireAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, start := newWire(), time.Now()
		dials := func() int { return w.since(start) }
		cfg := conn.Config{Dialect: "wire", Host: "db", Pool: conn.Pool{Min: 20, Max: 30, MaxLifetime: time.Hour}}
		c, err := conn.Open(t.Context(), cfg, conn.WithRegistry(w.registry), conn.WithObserver(nil), conn.WithDialer(w.dial))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		replaced := make(map[int]bool) // by minute
		before := dials()
		for minute := range 59 {
			time.Sleep(time.Minute)
			if now := dials(); now != before {
				replaced[minute] = true
				before = now
			}
			if n := c.Stats().OpenConnections; n < 19 {
				t.Errorf("in minute %d only %d are alive", minute, n)
			}
		}
		time.Sleep(2 * time.Minute)
		if dials() < 40 || len(replaced) < 3 {
			t.Errorf("%d dials in the minutes %v", dials(), replaced)
		}
		if minute := slices.Min(slices.Collect(maps.Keys(replaced))); minute < 44 {
			t.Errorf("a connection was replaced in minute %d already", minute)
		}
	})
}

func TestAServerThatIsDownIsAskedGently(t *testing.T) {
	for name, c := range map[string]struct {
		err         error
		least, most int // dials in an hour
	}{
		"refused":        {errRefused, 200, 400},
		"wrong password": {errAuth, 6, 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			db, _, err := openFake(t, f, conn.Config{Pool: conn.Pool{Min: 4}})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			f.mu.Lock()
			f.connect = func(context.Context, int, registry.Env) error {
				time.Sleep(100 * time.Millisecond) // long enough for further ones to begin
				return c.err
			}
			f.mu.Unlock()
			f.kill()
			before := f.dials()
			time.Sleep(time.Hour)
			synctest.Wait()
			if n := f.dials() - before; n < c.least || n > c.most {
				t.Errorf("%s: %d dials in an hour", name, n)
			}
			f.mu.Lock()
			f.connect = nil
			f.mu.Unlock()
			time.Sleep(15 * time.Minute)
			synctest.Wait()
			if f.alive() != 4 {
				t.Errorf("%s: %d are alive after the server came back", name, f.alive())
			}
		})
	}
}

func TestTheKeeperIsNotInTheWayOfCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, _, err := openFake(t, f, conn.Config{Pool: conn.Pool{Min: 2, Max: 2}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range 2 * 60 * 60 { // while the keeper checks, again and again, each caller gets a connection at once
			start := time.Now()
			if err := c.Ping(); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(start); waited != 0 {
				t.Fatalf("a caller waited %v", waited)
			}
			time.Sleep(500 * time.Millisecond)
		}
		held := hold(t, c, 2)
		time.Sleep(time.Minute)
		synctest.Wait()
		if waits := c.Stats().WaitCount; waits != 0 {
			t.Errorf("the keeper waited %d times for connections that callers have", waits)
		}
		for _, one := range held {
			if err := one.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestCloseStopsTheKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails when a goroutine is left
		f := newFake()
		c, _, err := openFake(t, f, conn.Config{Pool: conn.Pool{Min: 3}}, conn.WithCheckInterval(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		f.mu.Lock()
		f.connect = func(ctx context.Context, _ int, _ registry.Env) error {
			<-ctx.Done()
			return ctx.Err()
		}
		f.mu.Unlock()
		f.kill()
		time.Sleep(1500 * time.Millisecond) // the keeper is dialing now
		start := time.Now()
		if err := c.Close(); err != nil || time.Since(start) != 0 || len(f.conns()) != 0 {
			t.Errorf("after %v: %v, %d connections are left", time.Since(start), err, len(f.conns()))
		}
	})
}

func TestAListenerMayCloseThePoolThatWasWarmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var c *conn.Conn
		r := record(t)
		closing := func(conn.Warmed) {
			if c != nil {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		t.Cleanup(observer.On(r.bus, closing))
		var err error
		c, err = conn.Open(t.Context(), conn.Config{Dialect: "fake", Pool: conn.Pool{Min: 1}}, conn.WithRegistry(f.registry), conn.WithObserver(r.bus))
		if err != nil {
			t.Fatal(err)
		}
		f.kill()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(f.conns()); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

func TestWithoutAMinNobodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c, _, err := openFake(t, f, conn.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f.kill()
		time.Sleep(time.Minute)
		if f.dials() != 1 || f.alive() != 0 {
			t.Errorf("%d dials, %d alive", f.dials(), f.alive())
		}
	})
}

// A warmed pool gets none of its connections reset before all are there: some drivers take the time of a round trip for that.
func TestWarmingResetsNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newRogue(func(place string, _ int) {
			if place == "connect" || place == "reset" {
				time.Sleep(time.Second)
			}
		})
		start := time.Now()
		c, err := conn.Open(t.Context(), d.config(conn.Pool{Min: 9}), d.options(conn.WithObserver(nil))...)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if took := time.Since(start); took != 3*time.Second || c.Stats().Idle != 9 { // one, four and four
			t.Errorf("%d connections are idle after %v", c.Stats().Idle, took)
		}
	})
}

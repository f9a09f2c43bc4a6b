package conn_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// A server that is gone for ten seconds, and 64 callers that try all the time.
func TestAStormOfCallers(t *testing.T) {
	const callers = 64
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		r := record(t)
		c, err := conn.Open(t.Context(), conn.Config{Dialect: "wire", Host: "db", Pool: conn.Pool{Max: callers}},
			conn.WithRegistry(w.registry), conn.WithObserver(r.bus), conn.WithDialer(w.dial))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		occupyAll(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		var back time.Time
		var mu sync.Mutex
		var ok, wrong int
		var first time.Duration
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for ctx.Err() == nil {
					err := askOnce(ctx, c)
					mu.Lock()
					switch {
					case err == nil && !back.IsZero() && first == 0:
						first = time.Since(back)
						ok++
					case err == nil:
						ok++
					case ctx.Err() == nil && conn.KindOf(err) != conn.KindUnreachable && c.Diagnose(err).Kind != conn.KindUnreachable:
						t.Errorf("a caller gets %v: %v", c.Diagnose(err).Kind, err)
					default:
						wrong++
					}
					mu.Unlock()
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		time.Sleep(time.Second)
		if n := c.Stats().OpenConnections; n != callers {
			t.Fatalf("%d connections are open before", n)
		}
		w.stop()
		gone := time.Now()
		time.Sleep(10 * time.Second)
		n := w.since(gone)
		t.Logf("%d dials in 10 s", n)
		if n > 100 {
			t.Errorf("%d dials in 10 s", n)
		}
		mu.Lock()
		back = time.Now()
		mu.Unlock()
		w.start()
		time.Sleep(3 * time.Second)
		cancel()
		all.Wait()
		t.Logf("first success after %v, %d dials after that, at a time %v", first, w.since(back), w.most[n:])
		if first == 0 || first > time.Second {
			t.Errorf("the first success came %v after the server", first)
		}
		for i, flying := range w.most[n : n+16] { // each success allows for one more
			if flying > 2+i/2 {
				t.Errorf("dials at a time after the outage: %v", w.most[n:])
				break
			}
		}
		if down, up := of[conn.HostDown](r), of[conn.HostUp](r); len(down) != 1 || len(up) != 1 || down[0].Host != "db:9" || down[0].Kind != conn.KindUnreachable {
			t.Errorf("listeners heard %v and %v", down, up)
		}
	})
}

// 64 first callers of a pool that was opened lazily, in an outage that began before it.
func TestAStormOnALazyPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		w.stop()
		c, err := conn.Open(t.Context(), conn.Config{Dialect: "wire", Host: "db", Lazy: true, Pool: conn.Pool{Max: 64}},
			conn.WithRegistry(w.registry), conn.WithObserver(nil), conn.WithDialer(w.dial))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				if err := askOnce(t.Context(), c); c.Diagnose(err).Kind != conn.KindUnreachable {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if n := w.since(time.Time{}); n > 2 {
			t.Errorf("%d dials for callers that came at once", n)
		}
	})
}

// A pool whose connections all dial anew is not slowed down while its server is there.
func TestNoCallerWaitsWhileAllIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		c, err := conn.Open(t.Context(), conn.Config{Dialect: "wire", Host: "db", Pool: conn.Pool{Max: 64, MaxIdle: -1}},
			conn.WithRegistry(w.registry), conn.WithObserver(nil), conn.WithDialer(w.dial))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		start := time.Now()
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				if err := askOnce(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); took != time.Millisecond {
			t.Errorf("64 callers took %v, one takes 1ms", took)
		}
	})
}

package conn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// askOnce asks a query and reads its row.
func askOnce(ctx context.Context, c *conn.Conn) error {
	var n int
	return c.QueryRowContext(ctx, "SELECT 1").Scan(&n)
}

// open opens the cluster for what follows, with no idle connections: each call dials.
func (c *cluster) opened(t *testing.T, cfg conn.Config, opts ...conn.Option) (*conn.Conn, *recorded) {
	t.Helper()
	r := record(t)
	cfg.Pool.MaxIdle = -1
	opts = append([]conn.Option{conn.WithRegistry(c.registry), conn.WithObserver(r.bus)}, opts...)
	db, err := conn.Open(t.Context(), cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return db, r
}

func (c *cluster) dialsOf(host string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, dialed := range c.dialed {
		if dialed == host {
			n++
		}
	}
	return n
}

// B7: a silent host delays the first caller alone, is tried again more and more seldom, behind the back of callers, and is used
// again once it answers.
func TestAHostThatIsDownIsTriedInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		db.set("a", frozen)
		c, r := db.opened(t, db.config("a", "b"))
		defer c.Close()
		began := time.Now()
		var tried []time.Duration
		for time.Since(began) < 3*time.Minute {
			start, before := time.Now(), db.dialsOf("a")
			if err := askOnce(t.Context(), c); err != nil || time.Since(start) != 0 {
				t.Fatalf("after %v a call takes %v: %v", time.Since(began), time.Since(start), err)
			}
			synctest.Wait()
			if db.dialsOf("a") > before {
				tried = append(tried, time.Since(began))
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Logf("tried after %v", tried)
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} { // each ends after 5 s of silence
			from := time.Duration(0)
			if i > 0 {
				from = tried[i-1] + 5*time.Second
			}
			if pause := tried[i] - from; pause < want*time.Second*4/5 || pause > want*time.Second+200*time.Millisecond {
				t.Errorf("the pause before number %d is %v, want %d s and up to a fifth less", i+1, pause, want)
			}
		}
		db.set("a", nil)
		time.Sleep(40 * time.Second) // a probe of 5 s, and the longest pause
		for range 2 {
			if err := askOnce(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if last := db.dialed[len(db.dialed)-1]; last != "a" {
			t.Errorf("the first host is not used again, but %s", last)
		}
		if down, up := of[conn.HostDown](r), of[conn.HostUp](r); len(down) != 1 || len(up) != 1 || down[0].Host != "a:99" || up[0].Host != "a:99" || down[0].Kind != conn.KindTimeout {
			t.Errorf("listeners heard %v and %v", down, up)
		}
		if err := c.Close(); err != nil || db.open != 0 {
			t.Errorf("%d connections are left: %v", db.open, err)
		}
	})
}

// Of all that can go wrong only four kinds say that a host is down. For the others it is asked again at once.
func TestWhatTakesAHostDown(t *testing.T) {
	for err, down := range map[error]bool{
		errRefused: true, errStarting: true, errTLS: true, errTooMany: false, errLost: false, errAuth: false, errNone: false,
	} {
		synctest.Test(t, func(t *testing.T) {
			db := newCluster()
			c, _ := db.opened(t, db.config("a"))
			defer c.Close()
			db.set("a", failing(err))
			before := db.dialsOf("a")
			start := time.Now()
			for range 3 {
				if got := askOnce(t.Context(), c); !errors.Is(got, err) {
					t.Errorf("%v: got %v", err, got)
				}
			}
			if n, took := db.dialsOf("a")-before, time.Since(start); n != 3 || down != (took > 0) {
				t.Errorf("%v: %d dials in %v", err, n, took)
			}
		})
	}
}

// A caller who gives up says nothing of the host.
func TestACancelIsNoFailureOfAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		c, r := db.opened(t, db.config("a", "b"))
		defer c.Close()
		for range 3 {
			db.set("a", frozen)
			db.set("b", frozen)
			ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond) // less than the share of a host
			if err := askOnce(ctx, c); c.Diagnose(err).Kind != conn.KindCanceled {
				t.Errorf("got %v: %v", c.Diagnose(err).Kind, err)
			}
			cancel()
			db.set("a", nil)
			db.set("b", nil)
			if err := askOnce(t.Context(), c); err != nil || db.dialed[len(db.dialed)-1] != "a" {
				t.Errorf("connected to %v: %v", db.dialed, err)
			}
		}
		if down := of[conn.HostDown](r); len(down) != 0 {
			t.Errorf("listeners heard %v", down)
		}
	})
}

// A server that gave no answer to three calls in a row, nor to any other, is tried after the others, and in the background. So the
// next caller does not wait for its share, and a server that was slow serves again.
func TestAHostThatFellSilentIsTriedLast(t *testing.T) {
	for name, c := range map[string]struct {
		unanswered  []int // calls between which one is answered
		wakes       bool  // afterwards
		next, later string
		took        time.Duration // of the next connection
		down        int
	}{
		"frozen":              {[]int{3}, false, "b:9", "b:9", time.Millisecond, 1},
		"frozen for a moment": {[]int{3}, true, "b:9", "a:9", time.Millisecond, 0},
		"slow":                {[]int{2, 2}, true, "a:9", "a:9", time.Millisecond, 0},
		"few calls":           {[]int{2}, false, "b:9", "b:9", time.Second + time.Millisecond, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, r := newWire(), record(t)
				db, err := conn.Open(t.Context(), conn.Config{
					Dialect: "wire", Hosts: []string{"a", "b"}, ConnectTimeout: 2 * time.Second, Pool: conn.Pool{Max: 8},
				}, conn.WithRegistry(w.registry), conn.WithObserver(r.bus), conn.WithDialer(w.dial))
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				connect := func() (one *sql.Conn, address string) {
					one, err := db.Conn(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if err := one.Raw(func(dc any) error { address = dc.(*wireConn).address; return nil }); err != nil {
						t.Fatal(err)
					}
					return one, address
				}
				sound, _ := connect()
				defer sound.Close()
				for _, n := range c.unanswered {
					var held []*sql.Conn
					for range n {
						one, _ := connect()
						held = append(held, one)
					}
					rows, err := sound.QueryContext(t.Context(), "now")
					if err != nil {
						t.Fatal(err)
					}
					rows.Close()
					w.freeze("a:9")
					for _, one := range held {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						if _, err := one.QueryContext(ctx, "now"); !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("got %v", err)
						}
						cancel()
						_ = one.Close() // which is closed already
					}
					w.freeze("")
				}
				if !c.wakes {
					w.freeze("a:9")
				}
				start := time.Now()
				one, at := connect()
				defer one.Close()
				if took := time.Since(start); at != c.next || took != c.took {
					t.Errorf("connected to %s in %v, want %s in %v", at, took, c.next, c.took)
				}
				time.Sleep(2 * time.Second)
				other, at := connect()
				defer other.Close()
				if at != c.later {
					t.Errorf("later connected to %s, want %s", at, c.later)
				}
				if down := of[conn.HostDown](r); len(down) != c.down {
					t.Errorf("listeners heard %v", down)
				}
			})
		})
	}
}

// Those who wait for a probe get its result, or the end of their own context.
func TestCallersShareTheResultOfAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		c, _ := db.opened(t, db.config("a"))
		defer c.Close()
		db.set("a", func(ctx context.Context) error {
			select {
			case <-time.After(2 * time.Second):
				return errRefused
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err := askOnce(t.Context(), c); !errors.Is(err, errRefused) {
			t.Fatal(err)
		}
		before, start := db.dialsOf("a"), time.Now()
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				ctx := t.Context()
				if i == 0 { // who is the reason for the probe, and leaves
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
				} else {
					time.Sleep(100 * time.Millisecond)
				}
				err := askOnce(ctx, c)
				switch took := time.Since(start); {
				case i == 0 && (c.Diagnose(err).Kind != conn.KindCanceled || took != time.Second):
					t.Errorf("the one who leaves gets %v after %v", err, took)
				case i > 0 && (!errors.Is(err, errRefused) || took != 2*time.Second):
					t.Errorf("one who stays gets %v after %v", err, took)
				}
			})
		}
		all.Wait()
		if n := db.dialsOf("a") - before; n != 1 {
			t.Errorf("%d dials for 8 callers", n)
		}
	})
}

// A second pool that is opened in an outage does not multiply it. One with a dialer of its own knows nothing of it.
func TestPoolsShareWhatTheyKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		db.set("a", failing(errRefused))
		start := time.Now()
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				for time.Since(start) < 10*time.Second {
					if _, err := conn.Open(t.Context(), db.config("a"), conn.WithRegistry(db.registry), conn.WithObserver(nil)); conn.KindOf(err) != conn.KindUnreachable {
						t.Errorf("got %v", err)
					}
				}
			})
		}
		all.Wait()
		if n := db.dialsOf("a"); n > 140 { // 40 at the very start
			t.Errorf("%d dials in 10 s", n)
		}
		before := db.dialsOf("a")
		dial := func(context.Context, string, string) (net.Conn, error) { return nil, errRefused }
		_, err := conn.Open(t.Context(), db.config("a"), conn.WithRegistry(db.registry), conn.WithObserver(nil), conn.WithDialer(dial))
		if n := db.dialsOf("a") - before; n != 1 || conn.KindOf(err) != conn.KindUnreachable {
			t.Errorf("%d dials with a dialer of its own: %v", n, err)
		}
	})
}

// What a server says when it is back, such as that the password is wrong, is told to all that waited, by one login.
func TestARefusedLoginAfterAnOutageIsTriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		c, _ := db.opened(t, db.config("a", "b"))
		defer c.Close()
		db.set("a", failing(errRefused))
		db.set("b", failing(errRefused))
		if err := askOnce(t.Context(), c); c.Diagnose(err).Kind != conn.KindUnreachable {
			t.Fatal(err)
		}
		db.set("a", failing(errAuth))
		before := db.dialsOf("a")
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := askOnce(t.Context(), c); c.Diagnose(err).Kind != conn.KindAuth {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if n := db.dialsOf("a") - before; n != 1 {
			t.Errorf("%d logins", n)
		}
	})
}

// A wrong password is not tried again because another host is down.
func TestARefusedLoginBesideAHostThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		db.set("a", failing(errAuth))
		db.set("b", failing(errRefused))
		cfg := db.config("b", "a")
		for range 2 {
			if _, err := db.at(t, cfg); conn.KindOf(err) != conn.KindAuth {
				t.Errorf("got %v", err)
			}
			cfg.Hosts, cfg.Retry = []string{"a", "b"}, conn.Retry{}
		}
		if n := db.dialsOf("a"); n != 2 {
			t.Errorf("%d logins, want one for each Open", n)
		}
	})
}

func TestClosingEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		c, _ := db.opened(t, db.config("a", "b"))
		db.set("a", frozen)
		db.set("b", frozen)
		if err := askOnce(t.Context(), c); c.Diagnose(err).Kind != conn.KindTimeout {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() { failed <- askOnce(t.Context(), c) }()
		time.Sleep(time.Second)
		start := time.Now()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-failed; err == nil || time.Since(start) > time.Second {
			t.Errorf("the caller gets %v after %v", err, time.Since(start))
		}
	})
}

// B9: Open waits for the end of a failover, as Retry says, and tells what each host is.
func TestOpenDuringAFailoverWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		db.set("a", failing(errRefused))
		db.role["b"] = int64(0)
		cfg := db.config("a", "b")
		cfg.Role, cfg.Retry = conn.RoleWriter, conn.Retry{}
		go func() {
			time.Sleep(4 * time.Second)
			db.mu.Lock()
			defer db.mu.Unlock()
			db.role["b"] = int64(1)
		}()
		start := time.Now()
		host, err := db.at(t, cfg)
		if took := time.Since(start); host != "b" || err != nil || took > 10*time.Second {
			t.Errorf("at %q, %v, after %v", host, err, took)
		}
	})
}

// A driver that ends the goroutine of an opening takes no turn from other pools while their server comes back.
func TestAnEndedGoroutineTakesNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newCluster()
		c, _ := db.opened(t, db.config("a"))
		defer c.Close()
		db.set("a", failing(errRefused))
		if err := askOnce(t.Context(), c); c.Diagnose(err).Kind != conn.KindUnreachable {
			t.Fatal(err)
		}
		db.set("a", nil)
		if err := askOnce(t.Context(), c); err != nil { // from now on there are two logins at a time
			t.Fatal(err)
		}
		db.set("a", func(context.Context) error { runtime.Goexit(); return nil })
		for range 2 {
			_, err := conn.Open(t.Context(), db.config("a"), conn.WithRegistry(db.registry), conn.WithObserver(nil))
			if !is[*conn.PanicError](err) {
				t.Fatal(err)
			}
		}
		db.set("a", nil)
		if err := askOnce(t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

// What a pool's own functions of WithSession meet says nothing of the server, which others use as well.
func TestASessionThatFailsIsNoOutage(t *testing.T) {
	for name, prepare := range map[string]func(context.Context, driver.Conn) error{
		"unreachable": func(context.Context, driver.Conn) error { return errRefused }, // another service
		"too slow":    func(ctx context.Context, _ driver.Conn) error { return frozen(ctx) },
		"deaf":        func(context.Context, driver.Conn) error { time.Sleep(time.Minute); return nil }, // to its context
	} {
		synctest.Test(t, func(t *testing.T) {
			db := newCluster()
			c, r := db.opened(t, db.config("a", "b"))
			defer c.Close()
			_, err := conn.Open(t.Context(), db.config("a", "b"), conn.WithRegistry(db.registry), conn.WithObserver(r.bus), conn.WithSession(prepare))
			if kind := conn.KindOf(err); kind != conn.KindUnreachable && kind != conn.KindTimeout {
				t.Errorf("%s: %v", name, err)
			}
			time.Sleep(time.Minute) // all functions have returned
			if err := askOnce(t.Context(), c); err != nil || db.dialed[len(db.dialed)-1] != "a" {
				t.Errorf("%s: another pool connected to %v: %v", name, db.dialed, err)
			}
			if down := of[conn.HostDown](r); len(down) > 0 {
				t.Errorf("%s: %v", name, down)
			}
		})
	}
}

package conn_test

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// wire is a database with a network of its own, which counts dials and takes a moment for each.
type wire struct {
	registry *registry.Registry

	mu     sync.Mutex
	down   bool
	silent string            // the address of a server that is frozen
	far    map[net.Conn]bool // the servers' ends
	dials  []time.Time
	flying int
	most   []int // how many dials there were at a time, by dial
}

func newWire() *wire {
	w := &wire{registry: new(registry.Registry), far: make(map[net.Conn]bool)}
	w.registry.Register(w)
	return w
}

func (w *wire) Info() registry.Info { return registry.Info{Dialect: "wire", Port: 9} }

func (w *wire) Diagnose(err error) registry.Diagnosis { return network.Diagnose(err) }

func (w *wire) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	return &wireConnector{w, cfg, network.DialFunc(env)}, nil
}

// dial is the network.
func (w *wire) dial(_ context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dials = append(w.dials, time.Now())
	w.flying++
	w.most = append(w.most, w.flying)
	w.mu.Unlock()
	time.Sleep(time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying--
	if w.down {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	w.far[far] = true
	go func() { // an echo, until one side closes
		for b := make([]byte, 1); ; {
			if _, err := far.Read(b); err != nil {
				return
			}
			if w.isSilent(address) {
				continue
			}
			if _, err := far.Write(b); err != nil {
				return
			}
		}
	}()
	return near, nil
}

func (w *wire) isSilent(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.silent == address
}

func (w *wire) freeze(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = address
}

// stop ends all connections and refuses others.
func (w *wire) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for far := range w.far {
		_ = far.Close()
	}
	clear(w.far)
	w.dials, w.most = nil, nil
}

func (w *wire) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

func (w *wire) since(at time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, dialed := range w.dials {
		if !dialed.Before(at) {
			n++
		}
	}
	return n
}

type wireConnector struct {
	*wire
	cfg  registry.Config
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

func (c *wireConnector) Driver() driver.Driver { return nil }

func (c *wireConnector) Connect(ctx context.Context) (driver.Conn, error) {
	kind, address := network.Address(&c.cfg, 9)
	socket, err := c.dial(ctx, kind, address)
	if err != nil {
		return nil, err
	}
	dc := &wireConn{Conn: socket, address: address}
	if err := dc.ask(ctx); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return dc, nil
}

type wireConn struct {
	net.Conn
	address string
	dead    bool
}

func (c *wireConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *wireConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c *wireConn) IsValid() bool { return !c.dead }

func (c *wireConn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	if err := c.ask(ctx); err != nil {
		c.dead = true
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, driver.ErrBadConn
	}
	return new(one), nil
}

// ask waits for an answer.
func (c *wireConn) ask(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	b := []byte{1}
	if _, err := c.Conn.Write(b); err != nil {
		return err
	}
	_, err := io.ReadFull(c.Conn, b)
	return err
}

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

// askOnce asks a query and reads its row.
func askOnce(ctx context.Context, c *conn.Conn) error {
	var n int
	return c.QueryRowContext(ctx, "SELECT 1").Scan(&n)
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

// TestHostsModel has hosts go down, up, read-only and silent at random, and compares what calls do with what they were promised.
func TestHostsModel(t *testing.T) {
	for range 5 {
		seed := cmp.Or(*hostsSeed, rand.Uint64())
		synctest.Test(t, func(t *testing.T) {
			t.Logf("-conn.seed=%d", seed)
			hostsModel(t, rand.New(rand.NewPCG(seed, 0)))
		})
		if t.Failed() {
			return
		}
	}
}

func hostsModel(t *testing.T, random *rand.Rand) {
	db := newCluster()
	names := []string{"a", "b", "c"}[:1+random.IntN(3)]
	cfg := db.config(names...)
	cfg.ConnectTimeout = 3 * time.Second
	cfg.Pool.Max = 16 // for 8 callers, and the keeper that asks for the role
	cfg.Role = []conn.Role{conn.RoleAny, conn.RoleWriter}[random.IntN(2)]
	c, r := db.opened(t, cfg, conn.WithCheckInterval(5*time.Second))
	states := []struct {
		name string
		does func(context.Context) error
	}{{"up", nil}, {"up", nil}, {"read-only", nil}, {"down", failing(errRefused)}, {"silent", frozen}, {"starting", failing(errStarting)}, {"full", failing(errTooMany)}}
	fits := func(state string) bool { return state == "up" || state == "read-only" && cfg.Role == conn.RoleAny }
	now := make(map[string]string)
	changed := time.Now()
	var mu sync.Mutex
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 8 {
		calls := rand.New(rand.NewPCG(random.Uint64(), uint64(i)))
		all.Go(func() {
			for ctx.Err() == nil {
				start := time.Now()
				limit := time.Duration(100+calls.IntN(8000)) * time.Millisecond
				own, cancel := context.WithTimeout(ctx, limit)
				host, err := askWhom(own, c)
				cancel()
				took := time.Since(start)
				kind := c.Diagnose(err).Kind
				mu.Lock()
				steady := changed.Before(start.Add(-35 * time.Second)) // longer than the longest pause
				up := slices.ContainsFunc(names, func(name string) bool { return fits(now[name]) })
				switch {
				case ctx.Err() != nil:
				case steady && err == nil && now[host] == "read-only" && cfg.Role == conn.RoleWriter:
					t.Errorf("%v: a call went to %s, in a pool whose role is %v", now, host, cfg.Role)
				case took > min(limit, cfg.ConnectTimeout)+500*time.Millisecond:
					t.Errorf("a call took %v of %v: %v", took, limit, err)
				case err != nil && kind == conn.KindUnknown:
					t.Errorf("a call ended in %v", err)
				case steady && up && err != nil:
					t.Errorf("%v: a call failed although a host serves: %v", now, err)
				case steady && up && took != 0:
					t.Errorf("%v: a call took %v although a host serves", now, took)
				}
				mu.Unlock()
				time.Sleep(time.Duration(calls.IntN(200)) * time.Millisecond)
			}
		})
	}
	for range 12 {
		name, state := names[random.IntN(len(names))], states[random.IntN(len(states))]
		mu.Lock()
		now[name], changed = state.name, time.Now()
		for _, name := range names {
			if now[name] == "" {
				now[name] = "up"
			}
		}
		db.set(name, state.does)
		db.setRole(name, state.name != "read-only")
		mu.Unlock()
		before := len(db.dialedNow())
		pause := time.Duration(random.IntN(60)) * time.Second
		time.Sleep(pause)
		mu.Lock()
		serving := slices.ContainsFunc(names, func(name string) bool { return slices.Contains([]string{"up", "full", "read-only"}, now[name]) })
		mu.Unlock()
		if n := len(db.dialedNow()) - before; !serving && float64(n) > 16+10*float64(len(names))*pause.Seconds() {
			t.Errorf("%d dials in %v while no host serves", n, pause)
		}
	}
	mu.Lock()
	for _, name := range names {
		db.set(name, nil)
		db.setRole(name, true)
		now[name] = "up"
	}
	changed = time.Now()
	mu.Unlock()
	time.Sleep(time.Minute)
	cancel()
	all.Wait()
	if err := askOnce(t.Context(), c); err != nil || db.dialed[len(db.dialed)-1] != "a" {
		t.Errorf("when all is well a call goes to %s: %v", db.dialed[len(db.dialed)-1], err)
	}
	if err := c.Close(); err != nil || db.open != 0 {
		t.Errorf("%d connections are left: %v", db.open, err)
	}
	if down, up := len(of[conn.HostDown](r)), len(of[conn.HostUp](r)); down != up {
		t.Errorf("listeners heard of %d hosts that are down and %d that are up", down, up)
	}
}

// askWhom is askOnce that tells to which host the connection is.
func askWhom(ctx context.Context, c *conn.Conn) (host string, err error) {
	one, err := c.DB.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer one.Close()
	var n int
	if err := one.QueryRowContext(ctx, "SELECT 1").Scan(&n); err != nil {
		return "", err
	}
	return host, one.Raw(func(dc any) error {
		host = dc.(*memberConn).host
		return nil
	})
}

// setRole says what a host answers from now on.
func (c *cluster) setRole(host string, writer bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.role[host] = int64(0)
	if writer {
		c.role[host] = int64(1)
	}
}

func (c *cluster) dialedNow() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dialed
}

var hostsSeed = flag.Uint64("conn.seed", 0, "repeat the random choices of a test that printed this seed; 0: choose one")

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

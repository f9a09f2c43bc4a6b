package conn_test

import (
	"cmp"
	"context"
	"flag"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

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

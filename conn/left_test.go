package conn_test

import (
	"bytes"
	"cmp"
	"context"
	"database/sql/driver"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testuser"
	"github.com/patchbay-go/patchbay/observer"
)

// present counts what a failed opening might leave behind.
type present struct{ goroutines, descriptors, sessions int }

func count(u *testuser.User) present {
	p := present{sessions: u.Sessions()} // first: it opens a connection itself
	p.goroutines = runtime.NumGoroutine()
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil { // on Linux
		p.descriptors = len(entries)
	}
	return p
}

// way is one not to open a database.
type way struct {
	cfg      conn.Config
	opts     []conn.Option
	patience time.Duration // of the caller
}

// ways makes them of how to open one.
func ways(t *testing.T, cfg conn.Config) map[string]way {
	refusing, cutting, stalling := testproxy.New(t, addr(cfg)), testproxy.New(t, addr(cfg)), testproxy.New(t, addr(cfg))
	refusing.Refuse()
	stalling.SetRule(func(c testproxy.Chunk) testproxy.Action {
		if c.FromClient && bytes.Contains(c.Data, []byte("SELECT 1")) {
			return testproxy.Stall
		}
		return testproxy.Pass
	})
	closing, resetting, silent, garbage := testproxy.Closing(t), testproxy.Resetting(t), testproxy.Silent(t), testproxy.Garbage(t)
	at := func(server server, timeout time.Duration) conn.Config {
		cfg := cfg.Clone()
		cfg.Host, cfg.Port, cfg.ConnectTimeout = server.Host(), server.Port(), timeout
		return cfg
	}
	wrong, missing, unknown, param, secret := cfg.Clone(), cfg.Clone(), cfg.Clone(), cfg.Clone(), at(silent, time.Second)
	wrong.Password = conn.NewSecret("pw-8d1f-wrong")
	missing.Database = "missing"
	unknown.TLS, secret.TLS = &conn.TLS{}, &conn.TLS{}
	param.Params = map[string]string{"unknown": "1"}
	reset := conn.WithConnector(func(inner driver.Connector) driver.Connector { return &connected{inner, cutting.ResetAll} })
	return map[string]way{
		"wrong password":     {cfg: wrong},
		"missing database":   {cfg: missing},
		"unknown authority":  {cfg: unknown},
		"unknown param":      {cfg: param},
		"refused":            {cfg: at(refusing, 0)},
		"hangs up":           {cfg: at(closing, 0)},
		"resets":             {cfg: at(resetting, 0)},
		"garbage":            {cfg: at(garbage, time.Second)},
		"silent":             {cfg: at(silent, 5*time.Millisecond)},
		"silent, and left":   {cfg: secret, patience: 5 * time.Millisecond},
		"silent after login": {cfg: at(stalling, 200*time.Millisecond)},
		"reset after login":  {cfg: at(cutting, 0), opts: []conn.Option{reset}},
	}
}

func TestAThousandFailingOpensLeaveNothingBehind(t *testing.T) {
	bus, failed := observer.New(), atomic.Int32{}
	t.Cleanup(observer.On(bus, func(e observer.Event) {
		see(t, e)
		if _, ok := e.(conn.Failed); ok {
			failed.Add(1)
		}
	}))
	onEach(t, func(t *testing.T, dialect string) {
		u := testuser.New(t, servers[dialect](t))
		works(t, first(opens(t, u.Config())))
		ways := ways(t, u.Config())
		before := count(u)
		failed.Store(0)
		const opens = 500 // of each dialect
		var all sync.WaitGroup
		var n atomic.Int32
		for range 8 {
			all.Go(func() {
				for {
					for name, way := range ways {
						if n.Add(1) > opens {
							return
						}
						ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(way.patience, patience))
						opts := append(slices.Clip(way.opts), conn.WithObserver(bus))
						c, err := conn.Open(ctx, once(way.cfg), opts...)
						cancel()
						if err == nil {
							t.Errorf("%s: it opened", name)
							_ = c.Close()
						}
						see(t, err)
					}
				}
			})
		}
		all.Wait()
		if n := failed.Load(); n != opens {
			t.Errorf("%d openings have failed", n)
		}
		var after present
		for end := time.Now().Add(little); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if after = count(u); after.goroutines <= before.goroutines && after.descriptors <= before.descriptors && after.sessions <= before.sessions {
				return
			}
		}
		var stacks strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
		t.Errorf("there were %+v, and are %+v\n%s", before, after, stacks.String())
	})
}

func first[T, U any](v T, _ U) T { return v }

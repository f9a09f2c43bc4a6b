package conn_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// Connections that were opened together do not end together.
func TestMaxLifetimeIsSpread(t *testing.T) {
	for name, pool := range map[string]conn.Pool{
		"without Min": {Max: 32, MaxLifetime: time.Hour, MaxIdleTime: -1},
		"with Min":    {Max: 32, Min: 4, MaxLifetime: time.Hour, MaxIdleTime: -1},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWire()
			c, err := conn.Open(t.Context(), conn.Config{Dialect: "wire", Host: "db", Pool: pool},
				conn.WithRegistry(w.registry), conn.WithObserver(nil), conn.WithDialer(w.dial))
			if err != nil {
				t.Fatal(err)
			}
			occupyAll(t, c)
			start, before := time.Now(), c.Stats().OpenConnections
			for time.Since(start) < 61*time.Minute {
				time.Sleep(time.Minute)
				open := c.Stats().OpenConnections
				if age := time.Since(start); before-open > 8 || open < 32 && age < 44*time.Minute {
					t.Errorf("%s: after %v %d connections of %d are left", name, age, open, before)
				}
				before = open
			}
			if before > pool.Min {
				t.Errorf("%s: %d connections are left", name, before)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// occupyAll opens as many connections as the pool may have.
func occupyAll(t *testing.T, c *conn.Conn) {
	t.Helper()
	for range c.Stats().MaxOpenConnections {
		one, err := c.DB.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer one.Close()
	}
}

// Old connections are looked for while others are being opened and the pool is still being filled: the race detector sees
// whether that is safe.
func TestConnectionsEndWhileOthersBegin(t *testing.T) {
	w := newWire()
	cfg := conn.Config{Dialect: "wire", Host: "db", Pool: conn.Pool{Max: 64, MaxIdle: -1, MaxLifetime: time.Millisecond}}
	c, err := conn.Open(t.Context(), cfg, conn.WithRegistry(w.registry), conn.WithObserver(nil), conn.WithDialer(w.dial))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for range 50 {
				if err := askOnce(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

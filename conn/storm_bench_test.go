package conn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// attempts counts those to connect.
type attempts struct {
	driver.Connector
	*tally
}

// tally is how many attempts began, and how many succeeded.
type tally struct{ began, succeeded atomic.Int64 }

func (c attempts) Connect(ctx context.Context) (driver.Conn, error) {
	c.began.Add(1)
	dc, err := c.Connector.Connect(ctx)
	if err == nil {
		c.succeeded.Add(1)
	}
	return dc, err
}

// BenchmarkStorm has 64 callers ask a server that is gone for ten seconds, again and again: how often it is dialed, and
// how long after its return the first of them gets an answer.
func BenchmarkStorm(b *testing.B) {
	const outage = 10 * time.Second
	for name, open := range map[string]func(b *testing.B, cfg conn.Config, n *tally) *sql.DB{
		"patchbay": func(b *testing.B, cfg conn.Config, n *tally) *sql.DB {
			c, err := conn.Open(b.Context(), cfg, conn.WithObserver(nil), conn.WithConnector(func(inner driver.Connector) driver.Connector {
				return attempts{inner, n}
			}))
			if err != nil {
				b.Fatal(err)
			}
			return c.DB
		},
		"byhand": func(b *testing.B, cfg conn.Config, n *tally) *sql.DB {
			connector, err := byHand[cfg.Dialect](cfg)
			if err != nil {
				b.Fatal(err)
			}
			db := sql.OpenDB(attempts{connector, n})
			db.SetMaxOpenConns(cfg.Pool.Max)
			db.SetMaxIdleConns(cfg.Pool.Max)
			return db
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				cfg, proxy := through(b, servers["postgres"](b))
				cfg.Pool.Max = 64
				var n tally
				db := open(b, cfg, &n)
				ctx, cancel := context.WithCancel(b.Context())
				var back atomic.Int64 // when the server was there again
				var first atomic.Int64
				var all sync.WaitGroup
				for range cfg.Pool.Max {
					all.Go(func() {
						for ctx.Err() == nil {
							var one int
							err := db.QueryRowContext(ctx, "SELECT 1").Scan(&one)
							if at := back.Load(); at != 0 && err == nil {
								first.CompareAndSwap(0, time.Now().UnixNano()-at)
							}
						}
					})
				}
				for n.succeeded.Load() < int64(cfg.Pool.Max) { // no login is under way when the server goes
					time.Sleep(time.Millisecond)
				}
				proxy.Refuse()
				proxy.CloseAll()
				before := n.began.Load()
				time.Sleep(outage)
				dials := float64(n.began.Load() - before)
				proxy.Accept()
				back.Store(time.Now().UnixNano())
				for first.Load() == 0 {
					time.Sleep(time.Millisecond)
				}
				cancel()
				all.Wait()
				if err := db.Close(); err != nil {
					b.Error(err)
				}
				b.ReportMetric(dials/outage.Seconds(), "dials/s")
				b.ReportMetric(float64(first.Load())/1e6, "ms-to-first")
			}
		})
	}
}

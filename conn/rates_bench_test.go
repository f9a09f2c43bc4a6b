package conn_test

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// BenchmarkRates reads and writes a file of SQLite at fixed rates for a while, and tells how long what is asked takes from the
// moment when it was due: the reads alone, beside 16 writers that share a pool with them, and through a pool of their own.
func BenchmarkRates(b *testing.B) {
	const (
		span    = 3 * time.Second
		reading = time.Second / 1000 // between two reads
		writing = time.Second / 100  // between two writes of each writer
		writers = 16
		// A few tenths of a millisecond each, so that the writers meet.
		batch = "INSERT INTO sales (n) WITH RECURSIVE batch (n) AS (SELECT 1 UNION ALL SELECT n+1 FROM batch LIMIT 200) SELECT n FROM batch"
	)
	for _, c := range []struct {
		name    string
		readers *conn.Config
		writers int
	}{
		{"alone", nil, 0},
		{"onepool", nil, writers},
		{"readers", new(conn.Config), writers},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := file(b)
			cfg.Readers = c.readers
			db, err := conn.Open(b.Context(), cfg)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("CREATE TABLE sales (id INTEGER PRIMARY KEY, n)"); err != nil {
				b.Fatal(err)
			}
			var reads, writes times
			for b.Loop() {
				var wg sync.WaitGroup
				end := time.Now().Add(span)
				for range c.writers {
					wg.Go(func() {
						writes.atRate(b, end, writing, func(ctx context.Context) error {
							_, err := db.ExecContext(ctx, batch)
							return err
						})
					})
				}
				wg.Go(func() {
					reads.atRate(b, end, reading, func(ctx context.Context) error {
						var n sql.NullInt64
						return db.Reader().QueryRowContext(ctx, "SELECT max(id) FROM sales").Scan(&n)
					})
				})
				wg.Wait()
			}
			reads.report(b, "read")
			writes.report(b, "write")
		})
	}
}

// times are how long some calls took.
type times struct {
	mu  sync.Mutex
	all []time.Duration
}

// atRate starts a call of f at each tick, whether the one before has ended or not, until end, and waits for all.
func (s *times) atRate(b *testing.B, end time.Time, tick time.Duration, f func(context.Context) error) {
	var wg sync.WaitGroup
	for due := time.Now(); due.Before(end); due = due.Add(tick) {
		time.Sleep(time.Until(due))
		wg.Go(func() {
			err := f(b.Context())
			took := time.Since(due)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.all = append(s.all, took)
			if err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
}

func (s *times) report(b *testing.B, what string) {
	if len(s.all) == 0 {
		return
	}
	slices.Sort(s.all)
	for _, q := range []struct {
		name string
		i    int
	}{{"p50", len(s.all) / 2}, {"p99", len(s.all) * 99 / 100}, {"max", len(s.all) - 1}} {
		b.ReportMetric(float64(s.all[q.i].Microseconds()), what+"-"+q.name+"-us")
	}
}

// BenchmarkWriters writes with 16 goroutines, through the one connection of a pool with readers, and through ten that wait for
// each other's locks.
func BenchmarkWriters(b *testing.B) {
	for name, readers := range map[string]*conn.Config{"one": new(conn.Config), "ten": nil} {
		b.Run(name, func(b *testing.B) {
			cfg := file(b)
			cfg.Readers = readers
			db, err := conn.Open(b.Context(), cfg)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("CREATE TABLE sales (id INTEGER PRIMARY KEY, n)"); err != nil {
				b.Fatal(err)
			}
			b.SetParallelism(8) // times GOMAXPROCS
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := db.Exec("INSERT INTO sales (n) VALUES (1)"); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

package conn_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// poolsHeld is how many a benchmark opens at a time.
const poolsHeld = 1000

// openPlain opens a file as a program without Patchbay does it, with the same settings and limits.
func openPlain(b *testing.B, file string) *sql.DB {
	db, err := sql.Open("sqlite", "file://"+file+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)"+
		"&_pragma=synchronous(NORMAL)&_txlock=immediate&_time_format=sqlite&_timezone=UTC")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(10)
	db.SetMaxIdleConns(10)
	db.SetConnMaxIdleTime(5 * time.Minute) // for which database/sql starts a goroutine
	var one int
	if err := db.QueryRowContext(b.Context(), "SELECT 1").Scan(&one); err != nil {
		b.Fatal(err)
	}
	return db
}

// BenchmarkIdle tells what a pool costs that is open and at rest, with one connection.
func BenchmarkIdle(b *testing.B) {
	measure := func(b *testing.B, open func(b *testing.B, file string) *sql.DB) {
		dir := b.TempDir()
		heap := func() float64 {
			runtime.GC()
			runtime.GC() // what the first one has finalized
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			return float64(s.HeapAlloc)
		}
		var bytes, goroutines float64
		hold := func() {
			list := make([]*sql.DB, poolsHeld)
			bytes, goroutines = -heap(), -float64(runtime.NumGoroutine())
			for i := range list {
				list[i] = open(b, filepath.Join(dir, fmt.Sprint(i, ".db")))
			}
			bytes, goroutines = bytes+heap(), goroutines+float64(runtime.NumGoroutine())
			for _, db := range list {
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
		}
		hold() // what a program pays once
		for b.Loop() {
			hold()
		}
		b.ReportMetric(bytes/poolsHeld, "heap-B/pool")
		b.ReportMetric(goroutines/poolsHeld, "goroutines/pool")
	}
	b.Run("patchbay", func(b *testing.B) {
		measure(b, func(b *testing.B, file string) *sql.DB {
			c, err := conn.Open(b.Context(), conn.Config{Dialect: "sqlite", Filename: file})
			if err != nil {
				b.Fatal(err)
			}
			return c.DB
		})
	})
	b.Run("byhand", func(b *testing.B) { measure(b, openPlain) })
}

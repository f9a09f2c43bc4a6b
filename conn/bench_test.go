package conn_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
)

// BenchmarkOpen opens a file, asks and closes, through this package and by hand with the same settings. The ratio of
// the two has a budget; see the command tools/bench.
func BenchmarkOpen(b *testing.B) {
	file := filepath.Join(b.TempDir(), "bench.db")
	ctx := context.Background()
	cfg := conn.Config{Dialect: "sqlite", Filename: file}
	b.Run("patchbay", func(b *testing.B) {
		for b.Loop() {
			db, err := conn.Open(ctx, cfg, conn.WithObserver(nil)) // which asks
			if err != nil {
				b.Fatal(err)
			}
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("byhand", func(b *testing.B) {
		for b.Loop() {
			db := openPlain(b, file)
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkQuery runs a query through a Conn, and through a *sql.DB that was opened by hand.
func BenchmarkQuery(b *testing.B) {
	ctx := context.Background()
	query := func(b *testing.B, db *sql.DB) {
		b.ReportAllocs()
		var one int
		for b.Loop() {
			if err := db.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("patchbay", func(b *testing.B) {
		c, err := conn.OpenURL(ctx, "sqlite::memory:")
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		query(b, c.DB)
	})
	b.Run("byhand", func(b *testing.B) {
		db, err := sql.Open("sqlite", "file:/bench?vfs=memdb&_txlock=immediate&_time_format=sqlite&_timezone=UTC")
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		query(b, db)
	})
}

package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// BenchmarkOpen compares opening, SELECT 1 and closing with the same in database/sql and modernc.org/sqlite.
func BenchmarkOpen(b *testing.B) {
	name := filepath.Join(b.TempDir(), "x.db")
	exec(b, open(b, name), "create table t (a)")
	pragmas := "?_txlock=immediate&_time_format=sqlite&_timezone=UTC&_busy_timeout=5000&_foreign_keys=1&_journal_mode=wal&_synchronous=normal"
	for which, open := range map[string]func() (*sql.DB, error){
		"patchbay":     func() (*sql.DB, error) { return sql.OpenDB(connector(b, name)), nil },
		"database/sql": func() (*sql.DB, error) { return sql.Open("sqlite", "file:"+name+pragmas) },
	} {
		b.Run(which, func(b *testing.B) {
			for b.Loop() {
				db, err := open()
				if err != nil {
					b.Fatal(err)
				}
				query[int](b, db, "select 1")
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

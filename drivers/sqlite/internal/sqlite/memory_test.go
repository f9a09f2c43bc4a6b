package sqlite_test

import (
	"database/sql"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	modernc "modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/registry"
)

func TestAPoolSeesOneDatabaseInMemory(t *testing.T) {
	db := open(t, ":memory:")
	db.SetMaxOpenConns(10)
	exec(t, db, "create table t (a)")

	var inserts sync.WaitGroup
	for range 10 {
		inserts.Go(func() {
			for range 10 {
				if _, err := db.Exec("insert into t values (1)"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	inserts.Wait()

	for i := range 10 { // all ten connections at the same time
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var n int
		if err := conn.QueryRowContext(t.Context(), "select count(*) from t").Scan(&n); err != nil || n != 100 {
			t.Errorf("connection %d sees %d rows, %v", i, n, err)
		}
	}
}

func TestTwoOpensAreTwoDatabases(t *testing.T) {
	exec(t, open(t, ":memory:"), "create table t (a)")
	if n := query[int](t, open(t, ":memory:"), "select count(*) from sqlite_schema"); n != 0 {
		t.Errorf("the second sees %d tables of the first", n)
	}
}

func TestADatabaseInMemoryOutlivesItsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t, ":memory:")
		db.SetConnMaxIdleTime(time.Second)
		db.SetConnMaxLifetime(time.Minute)
		exec(t, db, "create table t (a)")
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := db.Stats().OpenConnections; n != 0 {
			t.Fatalf("%d connections are still open", n)
		}
		exec(t, db, "insert into t values (1)")
	})
}

func TestOneConnectionIsEnough(t *testing.T) {
	db := open(t, ":memory:")
	db.SetMaxOpenConns(1) // nothing of the pool is taken by what keeps the database
	exec(t, db, "create table t (a)")
	exec(t, db, "insert into t values (1)")
	if n := query[int](t, db, "select count(*) from t"); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestAQueryWithinAQueryFindsAConnection(t *testing.T) {
	db := open(t, ":memory:")
	exec(t, db, "create table t (a)")
	exec(t, db, "insert into t values (1), (2), (3)")
	rows, err := db.Query("select a from t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	sum := 0
	for rows.Next() {
		var a int
		if err := rows.Scan(&a); err != nil {
			t.Fatal(err)
		}
		sum += query[int](t, db, "select max(a) from t where a <= ?", a)
	}
	if err := rows.Err(); err != nil || sum != 6 {
		t.Errorf("the inner queries add up to %d, %v", sum, err)
	}
}

func TestAWriteInMemoryWaitsForReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t, ":memory:")
		exec(t, db, "create table t (a)")
		exec(t, db, "insert into t values (1), (2)")
		rows, err := db.Query("select a from t")
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		start := time.Now()
		_, err = db.ExecContext(t.Context(), "insert into t values (3)")
		failure{registry.KindBusy, 5, nil, "busy_timeout"}.check(t, err)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it waited for %v", took)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
		exec(t, db, "insert into t values (3)")
	})
}

// TestNothingIsLeftAfterClose: neither goroutines, which synctest waits for, nor files, nor the database.
func TestNothingIsLeftAfterClose(t *testing.T) {
	files := openFiles(t)
	for _, name := range []string{":memory:", t.TempDir() + "/x.db"} {
		synctest.Test(t, func(t *testing.T) {
			db := open(t, name)
			exec(t, db, "create table t (a)")
		})
	}
	if now := openFiles(t); now != files {
		t.Errorf("%d files were open before, %d are now", files, now)
	}

	c := connector(t, ":memory:")
	db := sql.OpenDB(c)
	exec(t, db, "create table t (a)")
	uri := lastOpened.Load().(string)
	if tables := tablesInMemory(t, uri); tables != 1 {
		t.Errorf("%d tables are in %s while it is open", tables, uri)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if tables := tablesInMemory(t, uri); tables != 0 {
		t.Errorf("%d tables are left", tables)
	}
	if _, err := c.Connect(t.Context()); err == nil {
		t.Error("a closed connector connects")
	}
	if err := c.(io.Closer).Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// lastOpened is the URI of the connection that was opened last.
var lastOpened atomic.Value

func init() {
	modernc.RegisterConnectionHook(func(_ modernc.ExecQuerierContext, uri string) error {
		lastOpened.Store(uri)
		return nil
	})
}

// tablesInMemory looks without this package into a database in memory.
func tablesInMemory(t *testing.T, uri string) int {
	t.Helper()
	db, err := sql.Open("sqlite", uri)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return query[int](t, db, "select count(*) from sqlite_schema")
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		entries, err = os.ReadDir("/dev/fd")
	}
	if err != nil {
		t.Logf("this system does not list open files: %v", err)
		return 0
	}
	return len(entries)
}

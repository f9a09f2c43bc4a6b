package sqlite_test

import (
	"bytes"
	_ "embed"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

//go:embed testdata/made-by-sqlite3.db
var madeBySQLite3 []byte

func copyFile(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, madeBySQLite3, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestReadingLeavesAFileAsItWas(t *testing.T) {
	for _, params := range [][]string{{"mode", "ro"}, {"mode", "ro", "immutable", "on"}} {
		dir := t.TempDir()
		name := filepath.Join(dir, "x.db")
		copyFile(t, name)
		long := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(name, long, long); err != nil {
			t.Fatal(err)
		}

		readCities(t, name, params...)

		if !bytes.Equal(read(t, name), madeBySQLite3) {
			t.Errorf("%v: the file has changed", params)
		}
		if info, err := os.Stat(name); err != nil || !info.ModTime().Equal(long) {
			t.Errorf("%v: the file was written at %v, %v", params, info.ModTime(), err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%v: the folder holds %v", params, entries)
		}
	}
}

// readCities reads what the sqlite3 program has written, and cannot write.
func readCities(t *testing.T, name string, params ...string) {
	t.Helper()
	db := open(t, name, params...)
	if got := query[string](t, db, "select name from city where founded = '1960-04-21'"); got != "Brasília" {
		t.Errorf("read %q", got)
	}
	if founded := query[time.Time](t, db, "select founded from city where id = 3"); !founded.Equal(time.Date(1960, 4, 21, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("read %v", founded)
	}
	if v := query[int](t, db, "pragma user_version"); v != 7 {
		t.Errorf("user version %d", v)
	}
	_, err := db.Exec("insert into city (name) values ('Bern')")
	if sqlite.Driver().Diagnose(err).Kind != registry.KindReadOnly {
		t.Errorf("writing gives %v", err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatalf("a transaction that only reads: %v", err)
	}
	query[int](t, tx, "select count(*) from city")
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestWritingOpensTheSameFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	copyFile(t, name)
	for _, params := range [][]string{{"mode", "rw"}, {"mode", "rwc"}, nil} {
		exec(t, open(t, name, params...), "insert into city (name) values ('Bern')")
	}
	if n := query[int](t, open(t, name, "mode", "ro"), "select count(*) from city where name = 'Bern'"); n != 3 {
		t.Errorf("%d rows written", n)
	}
}

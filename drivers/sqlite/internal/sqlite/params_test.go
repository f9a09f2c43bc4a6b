package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

// TestParamsReachEveryConnection opens a new file and asks a connection for what it is set to.
func TestParamsReachEveryConnection(t *testing.T) {
	for _, tt := range []struct{ param, value, ask, want string }{
		{"", "", "pragma busy_timeout", "5000"},
		{"busy_timeout", "0", "pragma busy_timeout", "0"},
		{"busy_timeout", "250", "pragma busy_timeout", "250"},
		{"", "", "pragma foreign_keys", "1"},
		{"foreign_keys", "off", "pragma foreign_keys", "0"},
		{"foreign_keys", "No", "pragma foreign_keys", "0"},
		{"", "", "pragma journal_mode", "wal"},
		{"journal_mode", "WAL", "pragma journal_mode", "wal"},
		{"journal_mode", "delete", "pragma journal_mode", "delete"},
		{"journal_mode", "truncate", "pragma journal_mode", "truncate"},
		{"journal_mode", "persist", "pragma journal_mode", "persist"},
		{"journal_mode", "memory", "pragma journal_mode", "memory"},
		{"journal_mode", "off", "pragma journal_mode", "off"},
		{"journal_mode", "keep", "pragma journal_mode", "delete"},
		{"", "", "pragma synchronous", "1"},
		{"journal_mode", "wal", "pragma synchronous", "1"},
		{"journal_mode", "delete", "pragma synchronous", "2"},
		{"journal_mode", "keep", "pragma synchronous", "2"},
		{"synchronous", "extra", "pragma synchronous", "3"},
		{"dqs", "on", `select "text"`, "text"},
	} {
		var params []string
		if tt.param != "" {
			params = []string{tt.param, tt.value}
		}
		db := open(t, filepath.Join(t.TempDir(), "x.db"), params...)
		for range 2 { // one connection and another
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if got := query[string](t, tx, tt.ask); got != tt.want {
				t.Errorf("with %s=%q %s is %q, want %q", tt.param, tt.value, tt.ask, got, tt.want)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			db.SetMaxIdleConns(-1)
		}
	}
}

func TestStrictnessCanBeTurnedOn(t *testing.T) {
	if err := open(t, ":memory:", "dqs", "off").QueryRow(`select "text"`).Scan(new(string)); err == nil {
		t.Error("with dqs=off a text in double quotes is still taken")
	}
	db := open(t, ":memory:", "defensive", "yes")
	exec(t, db, "pragma writable_schema = on")
	if query[int](t, db, "pragma writable_schema") != 0 {
		t.Error("with defensive=yes the schema can still be written")
	}
}

func TestParamsThatCannotWorkAreRefused(t *testing.T) {
	for _, tt := range []struct {
		file   string
		params []string
		field  string
		says   string
	}{
		{"x.db", []string{"journal", "wal"}, "params.journal", "busy_timeout, defensive"},
		{"x.db", []string{"cache_size", "1"}, "params.cache_size", "write session.cache_size"},
		{"x.db", []string{"foreign_key", "on"}, "params.foreign_key", `did you mean "foreign_keys"?`},
		{"x.db", []string{"_pragma", "foreign_keys(1)"}, "params._pragma", "is not known"},
		{"x.db", []string{"cache", "shared"}, "params.cache", "is not known"},
		{"x.db", []string{"vfs", "unix-none"}, "params.vfs", "is not known"},
		{"x.db", []string{"mode", "memory"}, "params.mode", "must be one of rwc, rw, ro"},
		{"x.db", []string{"mode", ""}, "params.mode", "must be one of"},
		{"x.db", []string{"foreign_keys", "1; drop table t"}, "params.foreign_keys", "must be one of"},
		{"x.db", []string{"busy_timeout", "1;select 1"}, "params.busy_timeout", "must be an integer"},
		{"x.db", []string{"busy_timeout", "5s"}, "params.busy_timeout", "must be an integer"},
		{"x.db", []string{"busy_timeout", "-1"}, "params.busy_timeout", "must be an integer"},
		{"x.db", []string{"timezone", "Mars/Olympus"}, "params.timezone", "Europe/Zurich"},
		{"x.db", []string{"timezone", ""}, "params.timezone", "Europe/Zurich"},
		{"x.db", []string{"immutable", "on"}, "params.immutable", "mode=ro"},
		{"x.db", []string{"mode", "RO", "journal_mode", "wal"}, "params.journal_mode", "mode=ro"},
		{"x.db", []string{"mode", "ro", "synchronous", "off"}, "params.synchronous", "mode=ro"},
		// E12: pairs of which SQLite ignores one, and what it makes smaller.
		{"x.db", []string{"defensive", "on", "journal_mode", "off"}, "params.journal_mode", "defensive=on"},
		{"x.db", []string{"defensive", "YES", "journal_mode", "OFF"}, "params.journal_mode", "defensive=on"},
		{"x.db", []string{"time_format", "sqlite", "time_integer_format", "unix"}, "params.time_format", "time_integer_format"},
		{":memory:", []string{"mode", "ro"}, "params.mode", "in memory"},
		{":memory:", []string{"journal_mode", "wal"}, "params.journal_mode", "in memory"},
		{"", nil, "filename", "write :memory:"}, // E10
	} {
		t.Chdir(t.TempDir())
		_, err := sqlite.Driver().Connector(config(tt.file, tt.params...), registry.Env{})
		var wrong *registry.ConfigError
		if !errors.As(err, &wrong) || wrong.Field != tt.field || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%v gives %v; want an error about %s that says %q", tt.params, err, tt.field, tt.says)
		}
	}
}

// TestPairsThatWork are those next to the pairs of case E12 that do not.
func TestPairsThatWork(t *testing.T) {
	for _, c := range []struct {
		params        []string
		pragma, value string
	}{
		{[]string{"defensive", "off", "journal_mode", "off"}, "journal_mode", "off"},
		{[]string{"defensive", "on", "journal_mode", "memory"}, "journal_mode", "memory"},
	} {
		db := open(t, filepath.Join(t.TempDir(), "x.db"), c.params...)
		if got := query[string](t, db, "pragma "+c.pragma); got != c.value {
			t.Errorf("%v: %s is %s", c.params, c.pragma, got)
		}
	}
}

func TestImmutableOffNeedsNothing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	exec(t, open(t, name, "immutable", "off"), "create table t (a)")
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
}

func TestTransactionsBeginAsTxlockSays(t *testing.T) {
	for txlock, wantBusy := range map[string]bool{"": true, "immediate": true, "exclusive": true, "deferred": false} {
		name := filepath.Join(t.TempDir(), "x.db")
		params := []string{"busy_timeout", "0"}
		if txlock != "" {
			params = append(params, "txlock", txlock)
		}
		db := open(t, name, params...)
		exec(t, db, "create table t (a)")
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Exec("insert into t values (1)")
		if busy := sqlite.Driver().Diagnose(err).Kind == registry.KindBusy; busy != wantBusy {
			t.Errorf("with txlock=%q writing beside a transaction that has done nothing yet gives %v", txlock, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

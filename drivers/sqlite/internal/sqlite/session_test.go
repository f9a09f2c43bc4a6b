package sqlite_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

// TestSessionReachesEveryConnection opens a new file and asks a connection for what it is set to.
func TestSessionReachesEveryConnection(t *testing.T) {
	for _, tt := range []struct{ name, value, ask, want string }{
		{"analysis_limit", "100", "pragma analysis_limit", "100"},
		{"auto_vacuum", "Incremental", "pragma auto_vacuum", "2"},
		{"auto_vacuum", "1", "pragma auto_vacuum", "1"},
		{"automatic_index", "off", "pragma automatic_index", "0"},
		{"cache_size", "-64", "pragma cache_size", "-64"},
		{"CACHE_SIZE", "+10", "pragma cache_size", "10"},
		{"cache_spill", "off", "pragma cache_spill", "0"},
		{"case_sensitive_like", "on", "select 'a' like 'A'", "0"},
		{"cell_size_check", "yes", "pragma cell_size_check", "1"},
		{"checkpoint_fullfsync", "on", "pragma checkpoint_fullfsync", "1"},
		{"fullfsync", "on", "pragma fullfsync", "1"},
		{"ignore_check_constraints", "on", "pragma ignore_check_constraints", "1"},
		{"journal_size_limit", "4096", "pragma journal_size_limit", "4096"},
		{"legacy_alter_table", "on", "pragma legacy_alter_table", "1"},
		{"max_page_count", "1000", "pragma max_page_count", "1000"},
		{"mmap_size", "1048576", "pragma mmap_size", "1048576"},
		{"query_only", "1", "pragma query_only", "1"},
		{"read_uncommitted", "on", "pragma read_uncommitted", "1"},
		{"recursive_triggers", "true", "pragma recursive_triggers", "1"},
		{"reverse_unordered_selects", "on", "pragma reverse_unordered_selects", "1"},
		{"secure_delete", "fast", "pragma secure_delete", "2"},
		{"secure_delete", "true", "pragma secure_delete", "1"},
		{"temp_store", "memory", "pragma temp_store", "2"},
		{"temp_store", "1", "pragma temp_store", "1"},
		{"threads", "3", "pragma threads", "3"},
		{"trusted_schema", "0", "pragma trusted_schema", "0"},
		{"wal_autocheckpoint", "7", "pragma wal_autocheckpoint", "7"},
		{"writable_schema", "on", "pragma writable_schema", "1"},
	} {
		cfg := config(filepath.Join(t.TempDir(), "x.db"), "txlock", "deferred")
		cfg.Session = map[string]string{tt.name: tt.value}
		c, err := sqlite.Driver().Connector(cfg, registry.Env{})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		for range 2 { // one connection and another
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if got := query[string](t, tx, tt.ask); got != tt.want {
				t.Errorf("with %s=%q %s is %q, want %q", tt.name, tt.value, tt.ask, got, tt.want)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			db.SetMaxIdleConns(-1)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSessionsThatCannotWorkAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tt := range []struct{ file, mode, name, value, says string }{
		{"x.db", "rwc", "cache_siz", "1", `did you mean "cache_size"?`},
		{"x.db", "rwc", "cache_size", "1;select 1", "must be an integer"},
		{"x.db", "rwc", "temp_store", "'x'", "must be one of"},
		{"x.db", "rwc", "foreign_keys", "on", "write params.foreign_keys"},
		{"x.db", "rwc", "busy_timeout", "1", "write params.busy_timeout"},
		{"x.db", "rwc", "user_version", "1", "set it with a statement"},
		{"x.db", "rwc", "optimize", "1", "execute it as a statement"},
		{"x.db", "rwc", "page_size", "4096", "before the first table is made"},
		{"x.db", "rwc", "defer_foreign_keys", "on", "set it in the transaction"},
		{"x.db", "rwc", "x; drop table t", "1", "is not known"},
		{"x.db", "ro", "wal_autocheckpoint", "1", "mode=ro"},
		{":memory:", "", "mmap_size", "1", "in memory"},
		// E12: what SQLite makes smaller, and pairs of which it ignores one.
		{"x.db", "rwc", "mmap_size", "2147418113", "must be an integer"},
		{"x.db", "delete", "wal_autocheckpoint", "7", "journal_mode=delete"},
		{"x.db", "truncate", "journal_size_limit", "0", "journal_mode=truncate"},
	} {
		cfg := config(tt.file)
		switch tt.mode {
		case "":
		case "delete", "truncate":
			cfg = config(tt.file, "journal_mode", tt.mode)
		default:
			cfg = config(tt.file, "mode", tt.mode)
		}
		cfg.Session = map[string]string{tt.name: tt.value}
		_, err := sqlite.Driver().Connector(cfg, registry.Env{})
		var wrong *registry.ConfigError
		if !errors.As(err, &wrong) || wrong.Field != "session."+tt.name || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s=%q gives %v; want an error that says %q", tt.name, tt.value, err, tt.says)
		}
	}
}

// TestSessionBesideJournals has the neighbours of the pairs of case E12 that are refused, and what is set after the journal.
func TestSessionBesideJournals(t *testing.T) {
	for _, tt := range []struct{ journal, name, value, want string }{
		{"keep", "wal_autocheckpoint", "7", "7"},
		{"persist", "journal_size_limit", "7", "7"},
		{"wal", "mmap_size", "2147418112", "2147418112"},
		{"delete", "query_only", "on", "1"},
	} {
		cfg := config(filepath.Join(t.TempDir(), "x.db"), "journal_mode", tt.journal)
		cfg.Session = map[string]string{tt.name: tt.value}
		c, err := sqlite.Driver().Connector(cfg, registry.Env{})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		if got := query[string](t, db, "pragma "+tt.name); got != tt.want {
			t.Errorf("with journal_mode=%s, %s is %s", tt.journal, tt.name, got)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

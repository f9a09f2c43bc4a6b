package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	cfg := registry.Config{Dialect: "sqlite", Filename: filepath.Join(dir, "conformance.db")}
	with := func(file string, params map[string]string) registry.Config {
		return registry.Config{Dialect: "sqlite", Filename: file, Params: params}
	}
	impatient := with(cfg.Filename, map[string]string{"busy_timeout": "20"})
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte("this is no database, although it is long enough to be one"), 0o600); err != nil {
		t.Fatal(err)
	}
	lacks := map[drivertest.Ability]string{
		drivertest.FKNames:   "SQLite does not say which foreign key is violated: https://www.sqlite.org/rescode.html#constraint_foreignkey",
		drivertest.Sizes:     "a column takes any value: https://www.sqlite.org/flextypegood.html",
		drivertest.Deadlocks: "a database has one lock for writing",
		drivertest.ReadOnly:  "modernc.org/sqlite begins an ordinary transaction; a file is opened for reading with mode=ro",
	}
	testserver.ReportLacks("sqlite", lacks)
	drivertest.Run(t, drivertest.Target{
		Driver:  sqlite.Driver(),
		Config:  cfg,
		Lacks:   lacks,
		Columns: drivertest.Columns{Decimal: "TEXT"}, // SQLite's own DECIMAL is a float: https://www.sqlite.org/datatype3.html
		Slow:    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT COUNT(*) FROM n",
		// All transactions are serializable, whatever was asked for, unless they read what others have not
		// committed yet: https://www.sqlite.org/isolation.html
		Isolation: func(ctx context.Context, tx *sql.Tx) (level string, err error) {
			err = tx.QueryRowContext(ctx, "SELECT iif(read_uncommitted, 'read uncommitted', 'serializable') FROM pragma_read_uncommitted").Scan(&level)
			return level, err
		},
		Levels: map[sql.IsolationLevel]string{
			sql.LevelReadUncommitted: "serializable",
			sql.LevelReadCommitted:   "serializable",
			sql.LevelWriteCommitted:  "serializable",
			sql.LevelRepeatableRead:  "serializable",
			sql.LevelSnapshot:        "serializable",
			sql.LevelSerializable:    "serializable",
			sql.LevelLinearizable:    "serializable",
		},
		Codes: map[registry.Kind]string{
			registry.KindUnique: "1555 2067", registry.KindForeignKey: "787", registry.KindNotNull: "1299", registry.KindCheck: "275",
			registry.KindBusy: "5", registry.KindExists: "1", registry.KindUndefined: "1", registry.KindSyntax: "1",
		},
		Impatient: &impatient,
		Failures: []drivertest.Failure{
			{Name: "a missing file with mode=rw", Config: with(filepath.Join(dir, "missing.db"), map[string]string{"mode": "rw"}), Kind: registry.KindCannotOpen},
			{Name: "a folder", Config: with(dir, nil), Kind: registry.KindCannotOpen},
			{Name: "a file that is no database", Config: with(text, nil), Kind: registry.KindCorrupt},
			{Name: "a value that a param cannot have", Config: with(cfg.Filename, map[string]string{"busy_timeout": "soon"}), Kind: registry.KindConfig},
		},
	})
}

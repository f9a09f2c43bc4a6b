package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

// FuzzFileName: the name in the config is the file on disk, or an error that says so.
func FuzzFileName(f *testing.F) {
	f.Add("x.db") // more in testdata/fuzz
	f.Fuzz(func(t *testing.T, name string) {
		dir := t.TempDir()
		t.Chdir(dir)
		cfg := config(name, "journal_mode", "delete", "synchronous", "off")
		if name == "" || name == ":memory:" || strings.Contains(name, "/") {
			name = "_" + strings.ReplaceAll(name, "/", "_") // elsewhere than in dir, or in memory
			cfg.Filename = name
		}
		c, err := sqlite.Driver().Connector(cfg, registry.Env{})
		if err == nil {
			db := sql.OpenDB(c)
			_, err = db.Exec("create table t (a)")
			err = errors.Join(err, db.Close())
		}
		entries, readErr := os.ReadDir(dir)
		if readErr != nil {
			t.Fatal(readErr)
		}
		switch {
		case err != nil:
			if len(entries) != 0 {
				t.Errorf("opening %q failed with %v and left %v", name, err, entries)
			}
			var wrong *registry.ConfigError
			if !errors.As(err, &wrong) && sqlite.Driver().Diagnose(err).Kind != registry.KindCannotOpen {
				t.Errorf("opening %q gives %v", name, err)
			}
		case len(entries) != 1 || entries[0].Name() != name:
			t.Errorf("opening %q made %v", name, entries)
		}
	})
}

func TestARelativeNameStaysWhereItWasWhenTheConnectorWasMade(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	db := open(t, "x.db")
	t.Chdir(t.TempDir())
	exec(t, db, "create table t (a)")
	if _, err := os.Stat(filepath.Join(dir, "x.db")); err != nil {
		t.Error(err)
	}
}

func TestModeDecidesWhetherAFileIsCreated(t *testing.T) {
	for mode, creates := range map[string]bool{"rwc": true, "rw": false, "ro": false} {
		t.Chdir(t.TempDir())
		err := ping(t, config("x.db", "mode", mode))
		if _, missing := os.Stat("x.db"); (err == nil) != creates || (missing == nil) != creates {
			t.Errorf("with mode=%s a missing file gives %v and then %v", mode, err, missing)
		}
	}
}

func TestAContextThatHasEndedOpensNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := connector(t, "x.db").Connect(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Connect gives %v", err)
	}
	if entries, _ := os.ReadDir("."); len(entries) != 0 {
		t.Errorf("and made %v", entries)
	}
}

// ping connects as a pool does, and returns the error.
func ping(t *testing.T, cfg registry.Config) error {
	t.Helper()
	c, err := sqlite.Driver().Connector(cfg, registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	return db.PingContext(t.Context())
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

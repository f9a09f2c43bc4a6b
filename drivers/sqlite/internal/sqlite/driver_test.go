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

func init() { registry.Register(sqlite.Driver()) }

func TestTheDialectIsFoundByItsNameAndAlias(t *testing.T) {
	want, _ := registry.Describe("sqlite")
	got := sqlite.Driver().Info()
	if got.Dialect != want.Dialect || got.Import != want.Import || !got.Files || !got.SingleWriter {
		t.Errorf("Info is %+v, the table of known dialects says %+v", got, want)
	}
	for _, name := range []string{"sqlite", "sqlite3"} {
		if d, err := registry.Lookup(name); err != nil || d != sqlite.Driver() {
			t.Errorf("Lookup(%q) = %T, %v", name, d, err)
		}
	}
}

func TestFieldsOfServersAreRefused(t *testing.T) {
	for field, set := range map[string]func(*registry.Config, *registry.Env){
		"host":      func(c *registry.Config, _ *registry.Env) { c.Host = "localhost" },
		"port":      func(c *registry.Config, _ *registry.Env) { c.Port = 5432 },
		"hosts":     func(c *registry.Config, _ *registry.Env) { c.Hosts = []string{"a", "b"} },
		"hostOrder": func(c *registry.Config, _ *registry.Env) { c.HostOrder = registry.HostsRandom },
		"role":      func(c *registry.Config, _ *registry.Env) { c.Role = registry.RoleReader },
		"user":      func(c *registry.Config, _ *registry.Env) { c.User = "u" },
		"password":  func(c *registry.Config, _ *registry.Env) { c.Password = registry.NewSecret("hunter2") },
		"ssl":       func(c *registry.Config, _ *registry.Env) { c.TLS = new(registry.TLS) },
		"appName":   func(c *registry.Config, _ *registry.Env) { c.AppName = "app" },
		"credentials": func(_ *registry.Config, e *registry.Env) {
			e.Credentials = func(context.Context, bool) (registry.Login, error) { return registry.Login{}, nil }
		},
	} {
		cfg, env := config(":memory:"), registry.Env{}
		set(&cfg, &env)
		_, err := sqlite.Driver().Connector(cfg, env)
		var wrong *registry.ConfigError
		if !errors.As(err, &wrong) || wrong.Field != field || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("with %s set: %v", field, err)
		}
	}
}

func TestAllWrongFieldsAreReportedAtOnce(t *testing.T) {
	cfg := config("file:x.db", "mode", "append")
	cfg.Host = "localhost"
	_, err := sqlite.Driver().Connector(cfg, registry.Env{})
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"host", "filename", "params.mode"} {
		if !strings.Contains(err.Error(), "config: "+field) {
			t.Errorf("%q does not name %s", err, field)
		}
	}
}

func TestAFileThatIsOnlyReadHasNoWriter(t *testing.T) {
	cfg := config("x.db")
	cfg.Role, cfg.Params = registry.RoleWriter, map[string]string{"mode": "ro"}
	var wrong *registry.ConfigError
	if _, err := sqlite.Driver().Connector(cfg, registry.Env{}); !errors.As(err, &wrong) || wrong.Field != "role" {
		t.Errorf("got %v", err)
	}
}

func TestDatabaseServesWhenFilenameIsEmpty(t *testing.T) {
	dir := t.TempDir()
	cfg := registry.Config{Dialect: "sqlite", Database: filepath.Join(dir, "x.db")}
	for range 2 {
		c, err := sqlite.Driver().Connector(cfg, registry.Env{})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := c.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 || entries[0].Name() != "x.db" {
			t.Fatalf("the folder holds %v", entries)
		}
		cfg.Filename, cfg.Database = cfg.Database, filepath.Join(dir, "other.db")
	}
}

func TestATestOfTheConnectionCreatesAndChangesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	test := func(cfg registry.Config) error {
		t.Helper()
		c, err := sqlite.Driver().Connector(cfg, registry.Env{NoCreate: true})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		defer db.Close()
		return db.PingContext(t.Context())
	}

	missing := config("missing.db")
	if err := test(missing); sqlite.Driver().Diagnose(err).Kind != registry.KindCannotOpen {
		t.Errorf("testing a missing file gives %v", err)
	}
	if entries, _ := os.ReadDir("."); len(entries) != 0 {
		t.Errorf("testing a missing file left %v", entries)
	}

	copyFile(t, "made.db")
	before := read(t, "made.db")
	if err := test(config("made.db")); err != nil {
		t.Error(err)
	}
	if string(read(t, "made.db")) != string(before) {
		t.Error("testing a file has changed it")
	}
}

func TestTheVersionIsThatOfSQLite(t *testing.T) {
	version := query[string](t, open(t, ":memory:"), sqlite.Driver().Info().VersionQuery)
	if !strings.HasPrefix(version, "3.") {
		t.Errorf("version %q", version)
	}
}

//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

func TestTheImportRegistersTheDialectAndItsAlias(t *testing.T) {
	want, _ := registry.Describe("sqlite")
	if got := sqlite.Driver().Info(); !reflect.DeepEqual(got, want) || got.Dialect != "sqlite" {
		t.Errorf("Info is %+v, the table of known dialects says %+v", got, want)
	}
	for _, name := range []string{"sqlite", "sqlite3"} {
		d, err := registry.Lookup(name)
		if err != nil || reflect.TypeOf(d) != reflect.TypeOf(sqlite.Driver()) {
			t.Errorf("Lookup(%q) = %T, %v", name, d, err)
		}
	}
}

func TestFieldsOfServersAreRefused(t *testing.T) {
	for field, set := range map[string]func(*registry.Config, *registry.Env){
		"host":     func(c *registry.Config, _ *registry.Env) { c.Host = "localhost" },
		"port":     func(c *registry.Config, _ *registry.Env) { c.Port = 5432 },
		"user":     func(c *registry.Config, _ *registry.Env) { c.User = "u" },
		"password": func(c *registry.Config, _ *registry.Env) { c.Password = registry.NewSecret("hunter2") },
		"ssl":      func(c *registry.Config, _ *registry.Env) { c.TLS = new(registry.TLS) },
		"appName":  func(c *registry.Config, _ *registry.Env) { c.AppName = "app" },
		"credentials": func(_ *registry.Config, e *registry.Env) {
			e.Credentials = func(context.Context) (string, registry.Secret, error) { return "", registry.Secret{}, nil }
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
	tester := sqlite.Driver().(registry.TestConfiger)
	t.Chdir(t.TempDir())

	missing := config("missing.db")
	if err := ping(t, tester.TestConfig(missing)); sqlite.Driver().Kind(err) != registry.KindCannotOpen {
		t.Errorf("testing a missing file gives %v", err)
	}
	if entries, _ := os.ReadDir("."); len(entries) != 0 {
		t.Errorf("testing a missing file left %v", entries)
	}
	if len(missing.Params) != 0 {
		t.Errorf("TestConfig wrote %v to the params it was given", missing.Params)
	}

	copyFile(t, "made.db")
	before := read(t, "made.db")
	if err := ping(t, tester.TestConfig(config("made.db"))); err != nil {
		t.Error(err)
	}
	if string(read(t, "made.db")) != string(before) {
		t.Error("testing a file has changed it")
	}
}

func TestTestConfigKeepsWhatIsSaid(t *testing.T) {
	for _, tt := range []struct {
		name  string
		given map[string]string
		want  map[string]string
	}{
		{"x.db", nil, map[string]string{"mode": "rw", "journal_mode": "keep"}},
		{"x.db", map[string]string{"mode": "RWC", "journal_mode": "WAL"}, map[string]string{"mode": "rw", "journal_mode": "keep"}},
		{"x.db", map[string]string{"mode": "ro"}, map[string]string{"mode": "ro"}},
		{"x.db", map[string]string{"mode": "rx", "journal_mode": "wall"}, map[string]string{"mode": "rx", "journal_mode": "wall"}},
		{"x.db", map[string]string{"foreign_keys": "off"}, map[string]string{"mode": "rw", "journal_mode": "keep", "foreign_keys": "off"}},
		{":memory:", map[string]string{"foreign_keys": "off"}, map[string]string{"foreign_keys": "off"}},
		{"", nil, nil},
	} {
		cfg := registry.Config{Filename: tt.name, Params: tt.given}
		if got := sqlite.Driver().(registry.TestConfiger).TestConfig(cfg).Params; !maps.Equal(got, tt.want) {
			t.Errorf("testing %q with %v uses %v; want %v", tt.name, tt.given, got, tt.want)
		}
	}
}

func TestTheVersionIsThatOfSQLite(t *testing.T) {
	version := query[string](t, open(t, ":memory:"), sqlite.Driver().(registry.Versioner).VersionQuery())
	if !strings.HasPrefix(version, "3.") {
		t.Errorf("version %q", version)
	}
}

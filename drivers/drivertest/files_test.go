package drivertest_test

import (
	"database/sql/driver"
	"path/filepath"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/registry"
)

// pond is a dialect of files, as someone adds it who has a database in a library: here that is SQLite.
type pond struct{}

func (pond) Info() registry.Info {
	return registry.Info{Dialect: "pond", Aliases: []string{"pool+file"}, Import: "example.org/pond", Files: true, SingleWriter: true}
}

func (pond) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	return native.Driver().Connector(cfg, env)
}

func (pond) Diagnose(err error) registry.Diagnosis { return native.Driver().Diagnose(err) }

func TestADialectOfFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pond.db")
	drivertest.Run(t, drivertest.Target{
		Driver:  pond{},
		Config:  registry.Config{Filename: file},
		Columns: drivertest.Columns{Decimal: "TEXT"},
		Codes: map[registry.Kind]string{
			registry.KindUnique: "1555 2067", registry.KindForeignKey: "787", registry.KindNotNull: "1299", registry.KindCheck: "275",
			registry.KindBusy: "5", registry.KindExists: "1", registry.KindUndefined: "1", registry.KindSyntax: "1",
		},
		Impatient: &registry.Config{Filename: file, Params: map[string]string{"busy_timeout": "20"}},
		Slow:      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT COUNT(*) FROM n",
		Lacks: map[drivertest.Ability]string{
			drivertest.FKNames:   "the library does not say which one",
			drivertest.Sizes:     "a column takes any value",
			drivertest.Deadlocks: "there is one lock for writing",
			drivertest.Isolation: "all transactions are serializable",
			drivertest.ReadOnly:  "the library begins an ordinary transaction",
		},
	})
}

// E5: its URLs are read as those of SQLite are, by a registry that has it.
func TestURLsOfADialectOfFiles(t *testing.T) {
	var r registry.Registry
	r.Register(pond{})
	for url, file := range map[string]string{
		"pond:///tmp/a/b.db": "/tmp/a/b.db", "pond:a/b.db": "a/b.db", "POOL+file:/a%3Fb": "/a?b", "pond:x?busy_timeout=1": "x",
	} {
		cfg, err := r.ParseURL(url)
		if err != nil || cfg.Filename != file || cfg.Host != "" || cfg.Database != "" {
			t.Errorf("%s is read as %+v, %v", url, cfg, err)
		}
	}
	if cfg, err := r.ParseURL("pond://host/a.db"); err == nil {
		t.Errorf("a URL with a host is read as %+v", cfg)
	}
}

package configfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/registry"
)

func TestLoadReadsEveryConnectionOrTellsEveryMistake(t *testing.T) {
	t.Setenv("PB_DSN", "app:hunter2@tcp(db:3306)/shop")
	path := write(t, "app.yaml", `
version: 1
connections:
  main: {dialect: postgres, host: db, passwordFile: secrets/password, ssl: {caFile: ca.pem, certFile: /etc/c.pem, keyFile: k.pem}}
  events: sqlite:events.db
  other: {dialect: sqlite, database: other.db}
  memory: "sqlite::memory:"
  legacy: {dialect: mysql, dsn: "${PB_DSN}"}
`)
	configs, err := configfile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(filepath.Dir(path), name) }
	for name, want := range map[string]registry.Config{
		"main": {
			Dialect: "postgres", Host: "db", PasswordFile: in("secrets/password"),
			TLS: &registry.TLS{CAFile: in("ca.pem"), CertFile: "/etc/c.pem", KeyFile: in("k.pem")},
		},
		"events": {Dialect: "sqlite", Filename: in("events.db")},
		"other":  {Dialect: "sqlite", Database: in("other.db")},
		"memory": {Dialect: "sqlite", Filename: ":memory:"},
		"legacy": {Dialect: "mysql", DSN: registry.NewSecret("app:hunter2@tcp(db:3306)/shop")},
	} {
		if !configs[name].Equal(want) {
			t.Errorf("%s is %v, want %v", name, configs[name], want)
		}
	}
	if len(configs) != 5 {
		t.Errorf("read %d configs", len(configs))
	}

	_, err = configfile.Load(write(t, "app.yaml", "connections: {a: {dialect: mysql, prot: 1}, b: 'x', c: 'sqlite:x'}"))
	if err == nil || !strings.Contains(err.Error(), `connection "a"`) || !strings.Contains(err.Error(), `connection "b"`) {
		t.Errorf("not every mistake is told: %v", err)
	}
	for version, want := range map[string]string{"1": "", `"1"`: "", "2": "a newer version", "x": "a newer version"} {
		_, err := configfile.Load(write(t, "app.yaml", "version: "+version+"\nconnections: {a: 'sqlite:x'}"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("version %s: %v", version, err)
		}
	}
}

func TestTheEnvironmentAloneIsAConfig(t *testing.T) {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "DATABASE_URL") {
			t.Setenv(name, "")
		}
	}
	if _, err := configfile.Environment(); err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("without any: %v", err)
	}
	t.Setenv("DATABASE_URL", "postgres://app:hunter2@db/shop?sslmode=require")
	t.Setenv("DATABASE_URL_ORDERS", "mysql://app@db/orders")
	t.Setenv("DATABASE_URLS", "no concern of ours")
	configs, err := configfile.Environment()
	if err != nil || len(configs) != 2 || configs["default"].Dialect != "postgres" || configs["orders"].Database != "orders" {
		t.Errorf("got %v, %v", configs, err)
	}
	t.Setenv("DATABASE_URL_BAD", "hunter2")
	if _, err := configfile.Environment(); err == nil || !strings.Contains(err.Error(), "environment variable DATABASE_URL_BAD") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

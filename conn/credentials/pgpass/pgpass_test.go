package pgpass_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn/credentials"
	_ "github.com/patchbay-go/patchbay/conn/credentials/pgpass"
	"github.com/patchbay-go/patchbay/registry"
)

func TestThePasswordIsThatOfTheFirstLineThatFits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pgpass")
	const lines = "# comment\ndb.example:5432:shop:app:hunter2\\:colon\n*:*:app:app:default\nlocalhost:*:*:admin:socket\n"
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	ask, err := credentials.New(registry.Config{Credentials: registry.Credentials{Provider: "pgpass", Options: map[string]string{"file": path}}})
	if err != nil {
		t.Fatal(err)
	}
	for want, cfg := range map[string]registry.Config{
		"hunter2:colon": {Dialect: "postgres", Host: "db.example", Database: "shop", User: "app"},
		"default":       {Dialect: "pg", Host: "other", User: "app"}, // the database is named like the user
		"socket":        {Dialect: "postgres", Host: "/run/postgresql", Port: 7, Database: "x", User: "admin"},
	} {
		if login, err := ask(t.Context(), credentials.Request{Config: cfg}); err != nil || login.Password.Reveal() != want {
			t.Errorf("%v: got %q, %v", cfg, login.Password.Reveal(), err)
		}
	}
	refuses := func(want string, cfg registry.Config) {
		t.Helper()
		if _, err := ask(t.Context(), credentials.Request{Config: cfg}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	refuses("has no line for this host", registry.Config{Dialect: "postgres", Host: "db.example", Database: "shop", User: "nobody"})
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	refuses("may be read by others", registry.Config{Dialect: "postgres", User: "app"})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	refuses("no such file", registry.Config{Dialect: "postgres", User: "app"})
}

func TestTheFileOfTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(path, []byte("*:*:*:*:from the environment\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", path)
	ask, err := credentials.New(registry.Config{Credentials: registry.Credentials{Provider: "pgpass"}})
	if err != nil {
		t.Fatal(err)
	}
	if login, err := ask(t.Context(), credentials.Request{Config: registry.Config{Dialect: "postgres", User: "u"}}); err != nil || login.Password.Reveal() != "from the environment" {
		t.Errorf("got %q, %v", login.Password.Reveal(), err)
	}
}

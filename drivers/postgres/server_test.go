//go:build postgres || alldrivers

package postgres

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testsecret"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// limit ends a test that would hang.
func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// pool opens a pool that ends with the test and shows no password.
func pool(t *testing.T, cfg registry.Config, env registry.Env) *sql.DB {
	t.Helper()
	c, err := Driver().Connector(cfg, env)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, v := range []any{c, db} {
		noSecretPrinted(t, v, cfg)
	}
	return db
}

// try connects, asks for a row and hangs up; whatever comes of it must not hold the password or the key.
func try(t *testing.T, cfg registry.Config) error {
	t.Helper()
	db := pool(t, cfg, registry.Env{})
	var one int
	err := db.QueryRowContext(limit(t), "SELECT 1").Scan(&one)
	noSecret(t, err, cfg)
	noSecretPrinted(t, db, cfg)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return err
}

// noSecret fails the test if a secret of cfg is anywhere in the error.
func noSecret(t *testing.T, err error, cfg registry.Config) {
	t.Helper()
	for _, secret := range secrets(cfg) {
		if where := testsecret.Find(err, secret); where != "" {
			t.Errorf("a secret is in the error at %s: %v", where, err)
		}
	}
}

// noSecretPrinted does so for what has to hold it, and must not show it.
func noSecretPrinted(t *testing.T, v any, cfg registry.Config) {
	t.Helper()
	for _, secret := range secrets(cfg) {
		if where := testsecret.Find(v, secret); strings.HasPrefix(where, "%") || where == "JSON" {
			t.Errorf("a secret shows in %s of a %T", where, v)
		}
	}
}

func secrets(cfg registry.Config) []string {
	all := []string{cfg.Password.Reveal()}
	if cfg.TLS != nil {
		all = append(all, cfg.TLS.Key.Reveal())
	}
	return all
}

// check fails the test unless err is of the kind and its hint says the words.
func check(t *testing.T, err error, kind registry.Kind, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one of the kind %v", kind)
	}
	if got := Driver().Kind(err); got != kind {
		t.Errorf("kind of %q is %v, want %v", err, got, kind)
	}
	if hint := Driver().(registry.Adviser).Advise(err).Hint; !strings.Contains(hint, says) {
		t.Errorf("hint for %q is %q, want it to say %q", err, hint, says)
	}
}

// run executes statements as the server's administrator.
func run(t *testing.T, s *testserver.Server, statements ...string) {
	t.Helper()
	db := pool(t, s.Config(), registry.Env{})
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(limit(t), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// as returns the server's config for another user.
func as(s *testserver.Server, user, password string) registry.Config {
	cfg := s.Config()
	cfg.User, cfg.Password = user, registry.NewSecret(password)
	return cfg
}

// with returns cfg with a param.
func with(cfg registry.Config, name, value string) registry.Config {
	cfg = cfg.Clone()
	if cfg.Params == nil {
		cfg.Params = make(map[string]string)
	}
	cfg.Params[name] = value
	return cfg
}

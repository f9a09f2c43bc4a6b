// Package testdriver is what the tests of the drivers share: it opens pools straight on a driver's connector, without
// package conn, and looks at what comes of it: the kind of the error, its hint, and whether a secret is anywhere in
// it; and it compares the documentation with the code. It knows no dialect.
package testdriver

import (
	"context"
	"database/sql"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// Driver is a driver under test.
type Driver struct{ registry.Driver }

// Context returns a context that ends a test that hangs.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// Pool opens a pool that ends with the test.
func (d Driver) Pool(t testing.TB, cfg registry.Config, env registry.Env) *sql.DB {
	t.Helper()
	Secrets.Hide(cfg)
	c, err := d.Connector(cfg, hideAnswers(env))
	if err != nil {
		See(t, err)
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	SeeShown(t, c)
	return db
}

// Conn takes a connection out of a pool for the length of the test.
func Conn(t testing.TB, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(Context(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the test may have ended it
	return c
}

// Try connects, executes the statements on one connection, hangs up, and returns the first error, in which no
// secret may be.
func (d Driver) Try(t testing.TB, cfg registry.Config, statements ...string) error {
	t.Helper()
	db := d.Pool(t, cfg, registry.Env{})
	defer db.Close()
	c, err := db.Conn(Context(t))
	for _, statement := range append([]string{"SELECT 1"}, statements...) {
		if err != nil {
			break
		}
		_, err = c.ExecContext(Context(t), statement)
	}
	See(t, err)
	SeeShown(t, db)
	if c != nil {
		_ = c.Close() // the error has already been seen
	}
	return err
}

// Run is Try for what must succeed, as the server's administrator.
func (d Driver) Run(t testing.TB, s *testserver.Server, statements ...string) {
	t.Helper()
	if err := d.Try(t, s.Config(), statements...); err != nil {
		t.Fatal(err)
	}
}

// Check fails the test unless err is of the kind and its hint says the words, and if a secret is in it.
func (d Driver) Check(t testing.TB, err error, kind registry.Kind, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one of the kind %v", kind)
	}
	See(t, err)
	got := d.Diagnose(err)
	if got.Kind != kind {
		t.Errorf("kind of %q is %v, want %v", err, got.Kind, kind)
	}
	if !strings.Contains(got.Hint, says) {
		t.Errorf("hint for %q is %q, want it to say %q", err, got.Hint, says)
	}
}

// As returns the server's config for another user.
func As(s *testserver.Server, user, password string) registry.Config {
	cfg := s.Config()
	cfg.User, cfg.Password = user, registry.NewSecret(password)
	return cfg
}

// With returns cfg with one more param.
func With(cfg registry.Config, name, value string) registry.Config {
	params := map[string]string{name: value}
	maps.Copy(params, cfg.Params)
	params[name] = value
	cfg.Params = params
	return cfg
}

// WithSession returns cfg with one more setting of the session.
func WithSession(cfg registry.Config, name, value string) registry.Config {
	session := make(map[string]string)
	maps.Copy(session, cfg.Session)
	session[name] = value
	cfg.Session = session
	return cfg
}

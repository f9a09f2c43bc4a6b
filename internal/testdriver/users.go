package testdriver

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
	"github.com/patchbay-go/patchbay/registry"
)

// OddNames logs in with odd names and passwords, and with passwords that are wrong. Nobody else may use the server.
func (d Driver) OddNames(t *testing.T, s *testserver.Server) {
	for cfg := range testuser.Odd(t, s, 40, " of an odd user") {
		db := d.Pool(t, cfg, registry.Env{})
		testuser.LoggedIn(Context(t), t, db, cfg)
		_ = db.Close() // Pool looks at the error
		cfg.Password = registry.NewSecret("not " + cfg.Password.Reveal())
		d.Check(t, d.Try(t, cfg), registry.KindAuth, "")
	}
}

// Credentials has the password of a user change between two connections of a pool; for a third there is none to be had.
func (d Driver) Credentials(t *testing.T, s *testserver.Server) {
	u, asked := testuser.New(t, s), 0
	cfg := u.Config()
	cfg.User, cfg.Password = "", registry.Secret{}
	var errVault error
	db := d.Pool(t, cfg, registry.Env{Credentials: func(context.Context, bool) (registry.Login, error) {
		asked++
		return registry.Login{User: u.Config().User, Password: u.Config().Password}, errVault
	}})
	first := Conn(t, db)
	u.SetPassword(rand.Text())
	second := Conn(t, db)
	for _, c := range []interface{ PingContext(context.Context) error }{first, second} {
		if err := c.PingContext(Context(t)); err != nil {
			t.Error(err)
		}
	}
	errVault = errors.New("the vault is sealed")
	_, err := db.Conn(Context(t))
	if See(t, err); !errors.Is(err, errVault) {
		t.Errorf("got %v, want %v", err, errVault)
	}
	if asked != 3 {
		t.Errorf("asked %d times for 3 connections", asked)
	}
}

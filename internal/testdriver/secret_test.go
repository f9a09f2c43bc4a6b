package testdriver_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/registry"
)

// leaky is a driver whose errors, and whose connector where open is true, show the password.
type leaky struct {
	registry.Driver
	open bool
}

type connector struct {
	driver.Connector
	env  registry.Env
	cfg  registry.Config
	Text string
}

func (d leaky) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	c := &connector{cfg: cfg, env: env}
	if d.open {
		c.Text = cfg.Password.Reveal()
	}
	return c, nil
}

func (leaky) Diagnose(error) registry.Diagnosis { return registry.Diagnosis{Kind: registry.KindAuth} }

func (c *connector) Driver() driver.Driver { return nil }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	password := c.cfg.Password
	if c.env.Credentials != nil {
		login, _ := c.env.Credentials(ctx, false)
		password = login.Password
	}
	return nil, fmt.Errorf("login failed: %w", errors.New(password.Reveal()))
}

// failing counts what fails a test instead of failing it.
type failing struct {
	testing.TB
	errors int
}

func (f *failing) Errorf(string, ...any) { f.errors++ }

func TestLeaksFailTheTest(t *testing.T) {
	d, open := testdriver.Driver{Driver: leaky{}}, testdriver.Driver{Driver: leaky{open: true}}
	cfg := registry.Config{User: "app", Password: registry.NewSecret("planted for testdriver")}
	asks := registry.Env{Credentials: func(context.Context, bool) (registry.Login, error) {
		return registry.Login{User: "app", Password: registry.NewSecret("kept in a vault")}, nil
	}}
	for name, test := range map[string]func(testing.TB){
		"connector": func(t testing.TB) { open.Pool(t, cfg, registry.Env{}) },
		"login":     func(t testing.TB) { _ = d.Try(t, cfg) },
		"later": func(t testing.TB) {
			d.Check(t, d.Pool(t, cfg, registry.Env{}).PingContext(t.Context()), registry.KindAuth, "")
		},
		"asked for": func(t testing.TB) {
			d.Check(t, d.Pool(t, registry.Config{}, asks).PingContext(t.Context()), registry.KindAuth, "")
		},
	} {
		f := &failing{TB: t}
		if test(f); f.errors != 1 {
			t.Errorf("%s: %d leaks were found, want 1", name, f.errors)
		}
	}
	d.Check(t, errors.New("login failed"), registry.KindAuth, "")
}

package drivertest

import (
	"errors"
	"fmt"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// What is shown of secrets: nothing. All errors and events of the other checks have been searched as well.
var secretBehaviours = []behaviour{
	{says: "the search finds what is planted", check: searchFindsPlanted},
	{says: "a config shows none", check: configShowsNone},
	{says: "a config that is refused shows none", check: refusalShowsNone},
}

func searchFindsPlanted(c check) {
	planted := "planted " + unique()
	search := new(leaks)
	search.add(planted)
	for where, v := range map[string]any{
		"text":       planted,
		"field":      struct{ password string }{planted},
		"bytes":      struct{ token []byte }{[]byte(planted)},
		"wrapped":    fmt.Errorf("wrapped: %w", errors.New(planted)),
		"hidden":     hiding{errors.New(planted)},
		"event":      conn.Failed{Err: errors.New(planted)},
		"percent":    encoded(planted)[1],
		"base64":     encoded(planted)[4],
		"map":        map[string]any{"dsn": "user:" + planted + "@host"},
		"conn.Error": &conn.Error{Err: errors.New(planted)},
	} {
		if search.find(v) == nil {
			c.Errorf("a secret planted as %s was not found", where)
		}
	}
	if found := search.find("nothing of the sort"); found != nil {
		c.Errorf("a secret was found where there is none: %v", found)
	}
}

// hiding is an error that does not show the one that it wraps.
type hiding struct{ inner error }

func (hiding) Error() string   { return "hidden" }
func (h hiding) Unwrap() error { return h.inner }

func configShowsNone(c check) {
	cfg := c.config()
	cfg.Password = c.secret()
	cfg.TLS = &registry.TLS{Cert: "-----BEGIN CERTIFICATE-----", Key: registry.NewSecret("-----BEGIN PRIVATE KEY-----\n" + c.secret().Reveal())}
	type holder struct {
		config  registry.Config
		pointer *registry.Config
	}
	for _, v := range []any{cfg, &cfg, holder{cfg, &cfg}, &holder{cfg, &cfg}, []registry.Config{cfg}, cfg.TLS, *cfg.TLS} {
		c.see(v)
	}
}

// refusalShowsNone puts secrets where the driver has to complain.
func refusalShowsNone(c check) {
	for _, change := range []func(*registry.Config){
		func(cfg *registry.Config) { cfg.Host = "db://user:" + c.secret().Reveal() + "@host" },
		func(cfg *registry.Config) { cfg.Params = map[string]string{"password": c.secret().Reveal()} },
		func(cfg *registry.Config) {
			key := "-----BEGIN PRIVATE KEY-----\n" + c.secret().Reveal() + "\n-----END PRIVATE KEY-----\n"
			cfg.TLS = &registry.TLS{Cert: "-----BEGIN CERTIFICATE-----\nbm90\n-----END CERTIFICATE-----\n", Key: registry.NewSecret(key)}
		},
	} {
		cfg := c.config()
		change(&cfg)
		if e, _ := c.fail(c.ctx(), cfg); e.Kind != registry.KindConfig {
			c.Errorf("got the kind %q, want %q: %v", e.Kind, registry.KindConfig, e)
		}
	}
}

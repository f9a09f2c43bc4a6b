package registry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// native is a dialect whose connection strings are "host/database", and whose word for AppName is "app".
type native struct{ named }

func (native) ParseDSN(dsn string) (cfg registry.Config, err error) {
	host, database, ok := strings.Cut(dsn, "/")
	if !ok {
		return cfg, &registry.ConfigError{Field: "dsn", Problem: "has no slash", Cure: "write host/database"}
	}
	return registry.Config{
		Host: host, Port: 7, Database: database, User: "from the DSN", Password: registry.NewSecret("p"), TLS: &registry.TLS{},
		Session: map[string]string{"a": "1", "b": "2"}, Pool: registry.Pool{Max: 3, Min: 1},
	}, nil
}

func (native) Import(cfg *registry.Config) error {
	if app, ok := cfg.Params["app"]; ok && cfg.AppName == "" {
		cfg.AppName = app
	}
	delete(cfg.Params, "app")
	return nil
}

func TestWhatIsSetWinsOverTheDSN(t *testing.T) {
	var r registry.Registry
	r.Register(&native{named{Dialect: "oracle"}})
	r.Register(&named{Dialect: "plain"})
	dsn := registry.NewSecret("h/d")
	for name, c := range map[string]struct{ given, want registry.Config }{
		"all of the DSN": {
			registry.Config{Dialect: "oracle", DSN: dsn},
			registry.Config{
				Dialect: "oracle", Host: "h", Port: 7, Database: "d", User: "from the DSN", Password: registry.NewSecret("p"), TLS: &registry.TLS{},
				Session: map[string]string{"a": "1", "b": "2"}, Pool: registry.Pool{Max: 3, Min: 1},
			},
		},
		"some fields": {
			registry.Config{
				Dialect: "oracle", DSN: dsn, Host: "other", User: "u", PasswordFile: "/run/pw", TLS: &registry.TLS{ServerName: "s"},
				Session: map[string]string{"b": "3"}, Pool: registry.Pool{Max: 9}, Params: map[string]string{"app": "billing", "x": "y"},
			},
			registry.Config{
				Dialect: "oracle", Host: "other", Database: "d", User: "u", PasswordFile: "/run/pw", TLS: &registry.TLS{ServerName: "s"},
				Session: map[string]string{"a": "1", "b": "3"}, Pool: registry.Pool{Max: 9, Min: 1}, AppName: "billing", Params: map[string]string{"x": "y"},
			},
		},
		"a port alone": {
			registry.Config{Dialect: "oracle", DSN: dsn, Port: 8, AppName: "a", Params: map[string]string{"app": "b"}},
			registry.Config{
				Dialect: "oracle", Port: 8, Database: "d", User: "from the DSN", Password: registry.NewSecret("p"), TLS: &registry.TLS{},
				Session: map[string]string{"a": "1", "b": "2"}, Pool: registry.Pool{Max: 3, Min: 1}, AppName: "a",
			},
		},
		"no native driver": {registry.Config{Dialect: "plain", Host: "h"}, registry.Config{Dialect: "plain", Host: "h"}},
	} {
		before := c.given.Clone()
		got := c.given
		d, err := r.Resolve(&got)
		if err != nil || d == nil || !got.Equal(c.want) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, c.want)
		}
		again := got
		if _, err := r.Resolve(&again); err != nil || !again.Equal(got) {
			t.Errorf("%s: the second time it is %v, %v", name, again, err)
		}
		if !c.given.Equal(before) {
			t.Errorf("%s: the config of the caller is now %v", name, c.given)
		}
	}
	for _, dialect := range []string{"plain", "oracle", "mysql"} {
		cfg, err := r.ParseDSN(dialect, "hunter2")
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a DSN of %s is read as %v, %v", dialect, cfg, err)
		}
		if missing := (*registry.MissingDriverError)(nil); errors.As(err, &missing) != (dialect == "mysql") {
			t.Errorf("a DSN of %s: %v", dialect, err)
		}
	}
	if cfg, err := r.ParseDSN("oracle", "h/d"); err != nil || cfg.Dialect != "oracle" || cfg.Host != "h" {
		t.Errorf("got %v, %v", cfg, err)
	}
}

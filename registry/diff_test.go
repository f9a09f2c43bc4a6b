package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

func TestDiffNamesTheFieldsThatDiffer(t *testing.T) {
	full := func() registry.Config {
		return registry.Config{
			Dialect: "postgres", Host: "h", Port: 1, User: "u", Password: registry.NewSecret("p"), Database: "d",
			Pool: registry.Pool{Min: 1, Max: 2, MaxLifetime: time.Hour, MaxIdleTime: time.Minute},
			TLS:  &registry.TLS{CA: "ca", Cert: "cert", Key: registry.NewSecret("key"), ServerName: "s"},

			ConnectTimeout: time.Second, AppName: "app", Params: map[string]string{"a": "1", "b": "2"},
		}
	}
	for want, change := range map[string]func(*registry.Config){
		"":                       func(*registry.Config) {},
		"dialect":                func(c *registry.Config) { c.Dialect = "mysql" },
		"host":                   func(c *registry.Config) { c.Host = "other" },
		"port":                   func(c *registry.Config) { c.Port = 2 },
		"user":                   func(c *registry.Config) { c.User = "" },
		"password":               func(c *registry.Config) { c.Password = registry.NewSecret("q") },
		"database":               func(c *registry.Config) { c.Database = "e" },
		"filename":               func(c *registry.Config) { c.Filename = "f" },
		"pool.min":               func(c *registry.Config) { c.Pool.Min = 0 },
		"pool.max":               func(c *registry.Config) { c.Pool.Max = 3 },
		"pool.maxLifetime":       func(c *registry.Config) { c.Pool.MaxLifetime = 0 },
		"pool.maxIdleTime":       func(c *registry.Config) { c.Pool.MaxIdleTime = 0 },
		"ssl":                    func(c *registry.Config) { c.TLS = nil },
		"ssl.rejectUnauthorized": func(c *registry.Config) { c.TLS.SkipVerify = true },
		"ssl.ca":                 func(c *registry.Config) { c.TLS.CA = "" },
		"ssl.cert":               func(c *registry.Config) { c.TLS.Cert = "" },
		"ssl.key":                func(c *registry.Config) { c.TLS.Key = registry.NewSecret("k") },
		"ssl.serverName":         func(c *registry.Config) { c.TLS.ServerName = "" },
		"connectTimeout":         func(c *registry.Config) { c.ConnectTimeout = 0 },
		"appName":                func(c *registry.Config) { c.AppName = "" },
		"params.a":               func(c *registry.Config) { c.Params["a"] = "" },
		"params.b":               func(c *registry.Config) { delete(c.Params, "b") },
		"params.c":               func(c *registry.Config) { c.Params["c"] = "" },
	} {
		a, b := full(), full()
		change(&b)
		var names []string
		if want != "" {
			names = []string{want}
		}
		if got := a.Diff(b); !slices.Equal(got, names) {
			t.Errorf("%s: got %q", want, got)
		}
		if got := b.Diff(a); !slices.Equal(got, names) {
			t.Errorf("%s, the other way round: got %q", want, got)
		}
		if a.Equal(b) != (want == "") {
			t.Errorf("%s: Equal says otherwise", want)
		}
	}
	plain := registry.Config{}
	if got := plain.Diff(registry.Config{TLS: &registry.TLS{SkipVerify: true}}); !slices.Equal(got, []string{"ssl"}) || plain.TLS != nil {
		t.Errorf("got %q, and left %v behind", got, plain)
	}
}

package registry_test

import (
	"encoding/json"
	"reflect"
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

// Every field counts in Equal, in Diff, in JSON and in a URL, those that will be added included.
func TestNoFieldIsForgotten(t *testing.T) {
	eachField(reflect.TypeFor[registry.Config](), nil, func(path []int, name string) {
		cfg := registry.Config{Dialect: "x", TLS: new(registry.TLS), Readers: &registry.Config{TLS: new(registry.TLS)}}
		field := reflect.ValueOf(&cfg).Elem()
		for _, i := range path {
			if field.Kind() == reflect.Pointer {
				field = field.Elem()
			}
			field = field.Field(i)
		}
		field.Set(reflect.ValueOf(nonZero(t, field.Type(), name)).Convert(field.Type()))

		base := registry.Config{Dialect: "x", TLS: new(registry.TLS), Readers: &registry.Config{TLS: new(registry.TLS)}}
		if cfg.Equal(base) || len(cfg.Diff(base)) != 1 {
			t.Errorf("a change of %s: Equal is %v, Diff names %q", name, cfg.Equal(base), cfg.Diff(base))
		}
		if clone := cfg.Clone(); !clone.Equal(cfg) {
			t.Errorf("a clone loses %s", name)
		}
		if _, isSecret := field.Interface().(registry.Secret); isSecret || name == "Dialect" {
			return // which cannot be read back
		}
		text, err := json.Marshal(cfg)
		var again registry.Config
		if err == nil {
			err = json.Unmarshal(text, &again)
		}
		if err != nil || !again.Equal(cfg) {
			t.Errorf("%s is lost in JSON: %s gives %v, %v", name, text, again, err)
		}
		if again, err := registry.ParseURL(cfg.String()); cfg.Validate() == nil && (err != nil || !again.Equal(cfg)) {
			t.Errorf("%s is lost in a URL: %s gives %v, %v", name, cfg, again, err)
		}
	})
}

// eachField calls f for every field that is no struct, with its path and name.
func eachField(of reflect.Type, path []int, f func(path []int, name string)) {
	for i := range of.NumField() {
		field, at := of.Field(i), append(slices.Clone(path), i)
		if field.Name == "Readers" && len(path) > 0 {
			continue // which has none of its own
		}
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[registry.Secret]() {
			eachField(inner, at, f)
			continue
		}
		f(at, field.Name)
	}
}

func nonZero(t *testing.T, of reflect.Type, name string) any {
	switch of {
	case reflect.TypeFor[registry.Secret]():
		return registry.NewSecret("s")
	case reflect.TypeFor[time.Duration]():
		return time.Minute
	case reflect.TypeFor[map[string]string]():
		return map[string]string{"a": "b"}
	case reflect.TypeFor[registry.HostOrder]():
		return registry.HostsRandom
	case reflect.TypeFor[registry.Role]():
		return registry.RolePreferReader
	case reflect.TypeFor[[]string]():
		return []string{"a", "b:1", "[::1]:2"}
	case reflect.TypeFor[[]registry.Kind]():
		return []registry.Kind{registry.KindAuth}
	}
	switch of.Kind() {
	case reflect.String:
		if name == "Dialect" {
			return "y"
		}
		return "other"
	case reflect.Int:
		return 7
	case reflect.Float64:
		return 0.5
	case reflect.Bool:
		return true
	}
	t.Fatalf("a field of the type %v: %s", of, name)
	return nil
}

package mssql

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestValuesOfParams(t *testing.T) {
	for name, c := range map[string]struct{ good, bad []string }{
		"instance":            {[]string{"SQLEXPRESS", "INST$1", "Größe_1"}, []string{"", "a b", `host\inst`, "a,b", "seventeen_letters", "a\x00"}},
		"multiSubnetFailover": {[]string{"true", "false", "True"}, []string{"", "yes"}},
		"strict":              {[]string{"false"}, []string{"", "1"}},
		"authentication":      {[]string{"password"}, []string{"", "ActiveDirectoryDefault"}},
		"packetSize":          {[]string{"512", "32767"}, []string{"", "511", "32768", "0x1000"}},
		"workstationId":       {[]string{"", "desk 7"}, []string{strings.Repeat("x", 129), "\U0001F600"}},
		"guidConversion":      {[]string{"true", "false"}, []string{"", "1"}},
		"timezone":            {[]string{"UTC", "Europe/Zurich"}, []string{"", "Local", "../../etc/passwd", "Europe/Nowhere"}},
	} {
		if !slices.ContainsFunc(params, func(p registry.Param) bool { return p.Name == name }) {
			t.Errorf("%s is no param", name)
		}
		cfg := registry.Config{Dialect: "mssql", User: "sa", Database: "shop"}
		for _, value := range c.good {
			if _, err := build(with(cfg, name, value), registry.Env{}); err != nil {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
		for _, value := range c.bad {
			refused(t, with(cfg, name, value), registry.Env{}, "params."+name, "")
		}
	}
}

// refused expects an error about the field that says the words.
func refused(t *testing.T, cfg registry.Config, env registry.Env, field, says string) {
	t.Helper()
	_, err := Driver().Connector(cfg, env)
	var wrong *registry.ConfigError
	if !errors.As(err, &wrong) || wrong.Field != field || !strings.Contains(wrong.Error(), says) || wrong.Cure == "" && !strings.HasPrefix(wrong.Problem, "must ") {
		t.Errorf("%v: got %v, want an error about %s that says %q, and what to write", cfg, err, field, says)
	}
	testdriver.Secrets.Hide(cfg)
	see(t, err)
}

func TestConfigsThatCannotWork(t *testing.T) {
	client := testcert.NewCA("client").Client("sa")
	const secret = "pw of sa"
	ask := registry.Env{Credentials: func(context.Context, bool) (registry.Login, error) {
		return registry.Login{User: "sa", Password: registry.NewSecret(secret)}, nil
	}}
	for _, c := range []struct {
		change func(*registry.Config)
		env    registry.Env
		field  string
		says   string
	}{
		{func(c *registry.Config) { c.User = "" }, registry.Env{}, "user", "is empty"},
		{func(c *registry.Config) { c.User = strings.Repeat("x", 129) }, registry.Env{}, "user", "128"},
		{func(c *registry.Config) { c.Password = registry.NewSecret(secret + strings.Repeat("x", 121)) }, registry.Env{}, "password", "128"},
		{func(c *registry.Config) { c.Password = registry.NewSecret(secret + "\U0001F600") }, registry.Env{}, "password", "emoji"},
		{func(c *registry.Config) { c.Password = registry.NewSecret(secret + "\xff") }, registry.Env{}, "password", "UTF-8"},
		{func(c *registry.Config) { c.Database = "\U0001F600" }, registry.Env{}, "database", "emoji"},
		{func(c *registry.Config) { c.Host = "/run/mssql.sock" }, registry.Env{}, "host", "no unix sockets"},
		{func(c *registry.Config) { c.Filename = "shop.mdf" }, registry.Env{}, "filename", "database"},
		{func(c *registry.Config) { c.Params = map[string]string{"instanc": "x"} }, registry.Env{}, "params.instanc", `"instance"`},
		{func(c *registry.Config) {
			c.Database, c.Role = "", registry.RoleReader
		}, registry.Env{}, "database", "role=reader"},
		{func(c *registry.Config) { c.Params = map[string]string{"strict": "true"} }, registry.Env{}, "params.strict", "ssl"},
		{func(c *registry.Config) {
			c.TLS = &registry.TLS{Cert: client.Cert, Key: registry.NewSecret(client.Key)}
		}, registry.Env{}, "ssl.cert", "no client certificates"},
		{func(c *registry.Config) { c.TLS = &registry.TLS{CA: "-----BEGIN nothing"} }, registry.Env{}, "ssl.ca", "damaged"},
		{token(func(c *registry.Config) { c.TLS = nil }), registry.Env{}, "params.authentication", "ssl=true"},
		{token(func(c *registry.Config) { c.User = "sa" }), registry.Env{}, "user", "token"},
		{token(func(c *registry.Config) { c.Password = registry.Secret{} }), registry.Env{}, "password", "access token"},
	} {
		cfg := registry.Config{Dialect: "mssql", User: "sa", Password: registry.NewSecret(secret), Database: "shop"}
		c.change(&cfg)
		refused(t, cfg, c.env, c.field, c.says)
	}

	windows := registry.Config{Dialect: "mssql", Params: map[string]string{"authentication": "windows"}}
	if runtime.GOOS == "windows" {
		if _, err := build(windows, registry.Env{}); err != nil {
			t.Error(err)
		}
		refused(t, windows, ask, "user", "account that the program runs as")
	} else {
		refused(t, windows, registry.Env{}, "params.authentication", "not run on Windows")
	}
}

// token makes a good config with a token, and then the change.
func token(change func(*registry.Config)) func(*registry.Config) {
	return func(c *registry.Config) {
		c.User, c.TLS, c.Params = "", new(registry.TLS), map[string]string{"authentication": "token"}
		change(c)
	}
}

func TestServersAreRead(t *testing.T) {
	for text, want := range map[string]server{
		"db2":        {host: "db2"},
		"db2:1444":   {host: "db2", port: 1444},
		`db2\INST`:   {host: "db2", instance: "INST"},
		"::1":        {host: "::1"},
		"[::1]:1444": {host: "::1", port: 1444},
	} {
		if got, err := parseServer(text); got != want || err != nil {
			t.Errorf("%s is read as %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestDriverOnItsOwn(t *testing.T) {
	d := Driver()
	c, err := d.Connector(registry.Config{User: "sa", Database: "shop"}, registry.Env{NoDatabase: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.(*connector).set.config.Database; got != "master" {
		t.Errorf("the system database is %q", got)
	}
	if c.Driver() == nil {
		t.Error("the connector has no Driver")
	}
}

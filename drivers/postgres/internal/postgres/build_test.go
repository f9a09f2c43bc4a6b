package postgres

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/registry"
)

// build returns the config of pgx that a connector connects with.
func build(cfg registry.Config, env registry.Env) (*pgx.ConnConfig, error) {
	c, err := newConnector(cfg, env)
	if err != nil {
		return nil, err
	}
	return c.build()
}

// hosts lists what build would try, as host/port, with ! where it is encrypted.
func hosts(t *testing.T, cfg registry.Config) string {
	config, err := build(cfg, registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, host := range hostsFrom(&config.Config) {
		text := strings.Join([]string{host.Host, port(host.Port)}, "/")
		if host.TLSConfig != nil {
			text += "!" + host.TLSConfig.ServerName
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestHosts(t *testing.T) {
	for _, c := range []struct {
		cfg  registry.Config
		want string
	}{
		{registry.Config{}, "localhost/5432"},
		{registry.Config{Host: "db.example", Port: 6432}, "db.example/6432"},
		{registry.Config{Host: "::1"}, "::1/5432"},
		{registry.Config{Host: "/run/postgresql"}, "/run/postgresql/5432"},
		{registry.Config{Host: "/run/postgresql", Port: 6432}, "/run/postgresql/6432"},
		{registry.Config{Host: "/run/postgresql/.s.PGSQL.6432"}, "/run/postgresql/6432"},
		{registry.Config{Host: "/run/postgresql/.s.PGSQL.6432", Port: 6432}, "/run/postgresql/6432"},
		{registry.Config{Host: "/.s.PGSQL.6432"}, "//6432"},
		{registry.Config{Host: "/run/.s.PGSQL.x/y"}, "/run/.s.PGSQL.x/y/5432"},
		{registry.Config{Host: "db.example", TLS: &registry.TLS{}}, "db.example/5432!db.example"},
		{registry.Config{Host: "db.example", TLS: &registry.TLS{ServerName: "x"}}, "db.example/5432!x"},
	} {
		c.cfg.User = "app"
		if got := hosts(t, c.cfg); got != c.want {
			t.Errorf("%v: got %s, want %s", c.cfg, got, c.want)
		}
	}
}

func TestConfigErrorsNameTheField(t *testing.T) {
	pair := testcert.NewCA("ours").Client("app")
	params := func(name, value string) registry.Config {
		return registry.Config{User: "app", Params: map[string]string{name: value}}
	}
	session := func(name, value string) registry.Config {
		return registry.Config{User: "app", Session: map[string]string{name: value}}
	}
	for _, c := range []struct {
		cfg   registry.Config
		field string
	}{
		{registry.Config{}, "user"},
		{registry.Config{User: "app", Filename: "x.db"}, "filename"},
		{registry.Config{User: "app", Host: "/run/.s.PGSQL.x"}, "host"},
		{registry.Config{User: "app", Host: "/run/.s.PGSQL.5432", Port: 6432}, "host"},
		{registry.Config{User: "app", Host: "/run", TLS: &registry.TLS{}}, "ssl"},
		{registry.Config{User: "app", TLS: &registry.TLS{CA: "-----BEGIN x"}}, "ssl.ca"},
		{registry.Config{User: "app", TLS: &registry.TLS{Cert: pair.Cert, Key: registry.NewSecret("-----BEGIN x")}}, "ssl.cert"},
		{params("search_path", "app"), "params.search_path"},
		{params("sslmode", "require"), "params.sslmode"},
		{session("search_path", "a\x00b"), "session.search_path"},
		{session("sslmode", "require"), "session.sslmode"},
		{session("application_name", "x"), "session.application_name"},
		{session("client_encoding", "LATIN1"), "session.client_encoding"},
		{session("user", "root"), "session.user"},
		{session("replication", "true"), "session.replication"},
		{session("default_query_exec_mode", "exec"), "session.default_query_exec_mode"},
		{session("_pq_.x", "y"), "session._pq_.x"},
		{session("options", "-c work_mem=1MB"), "session.options"},
		{session("work mem", "1MB"), "session"},
		{session("work-mem", "1MB"), "session"},
		{session("", "x"), "session"},
		{registry.Config{User: "app", Session: map[string]string{"TimeZone": "UTC", "timezone": "UTC"}}, "session.timezone"},
		{params("target_session_attrs", "read-write"), "params.target_session_attrs"},
		{params("require_auth", "password,!md5"), "params.require_auth"},
		{params("require_auth", "md5,md5"), "params.require_auth"},
		{params("require_auth", "md5 sslmode=disable"), "params.require_auth"},
		{params("statement_cache_capacity", "0"), "params.statement_cache_capacity"},
		{params("environment", "maybe"), "params.environment"},
	} {
		_, err := Driver().Connector(c.cfg, registry.Env{})
		wrong, ok := errors.AsType[*registry.ConfigError](err)
		if !ok || wrong.Field != c.field || wrong.Cure == "" && !strings.HasPrefix(wrong.Problem, "must ") {
			t.Errorf("%v: got %v, want a ConfigError of %s that says what to write", c.cfg, err, c.field)
		}
	}
}

func TestEveryParamIsTaken(t *testing.T) {
	good := map[string]string{
		"channel_binding": "require", "require_auth": "!password,!md5", "default_query_exec_mode": "exec", "statement_cache_capacity": "9",
		"description_cache_capacity": "8", "environment": "ignore",
	}
	for _, p := range driverParams {
		if _, tested := good[p.Name]; !tested {
			t.Errorf("%s is not tested here", p.Name)
		}
	}
	config, err := build(registry.Config{User: "app", Params: good, Session: map[string]string{
		"search_path": `app, "$user"`, "TimeZone": "Europe/Zurich", "my.tenant": "", "options": "endpoint=x",
	}}, registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"application_name": "postgres.test", "client_encoding": "UTF8",
		"search_path": `app, "$user"`, "timezone": "Europe/Zurich", "my.tenant": "", "options": "endpoint=x",
	}
	if !maps.Equal(config.RuntimeParams, want) {
		t.Errorf("the session gets %v, want %v", config.RuntimeParams, want)
	}
	if config.ChannelBinding != "require" || config.RequireAuth != "!password,!md5" ||
		config.DefaultQueryExecMode.String() != "exec" || config.StatementCacheCapacity != 9 || config.DescriptionCacheCapacity != 8 {
		t.Errorf("the connection does not get its params: %+v", config)
	}
}

func TestNamesOfTheDialect(t *testing.T) {
	info := Driver().Info()
	if known, ok := registry.Describe("postgres"); !ok || info.Dialect != known.Dialect || info.Port != defaultPort {
		t.Errorf("got %+v, want %+v and port %d", info, known, defaultPort)
	}
	if _, err := registry.Lookup("cockroachdb"); err != nil {
		t.Errorf("the driver is not registered: %v", err)
	}
	c, err := Driver().Connector(registry.Config{User: "app", Database: "shop"}, registry.Env{NoDatabase: true})
	if err != nil || c.(*connector).cfg.Database != "postgres" {
		t.Errorf("the system database is that of %+v, %v", c, err)
	}
}

package postgres

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestLoginsThatAreRefused(t *testing.T) {
	gss := "# gss is not in this build"
	if testserver.HasGSS() {
		gss = "host all gss all gss"
	}
	s := testserver.StartPostgres(t, testserver.Options{
		HBA: []string{
			"hostssl all tlsonly all scram-sha-256", "host all tlsonly all reject",
			"hostssl all bycert all cert", "host all noline 192.0.2.1/32 trust", "host all noline all reject",
			"local all bypeer peer", "local all plain password", "host all plain all password", "host all trusted,untrusted all trust",
			gss,
		},
	})
	run(t, s,
		"CREATE ROLE app LOGIN PASSWORD 'pw of app'",
		"CREATE ROLE expired LOGIN PASSWORD 'pw of app' VALID UNTIL '2001-01-01'",
		"CREATE ROLE locked NOLOGIN PASSWORD 'pw of app'",
		"CREATE ROLE nopassword LOGIN",
		"CREATE ROLE one LOGIN PASSWORD 'pw of app' CONNECTION LIMIT 0",
		"CREATE ROLE tlsonly LOGIN PASSWORD 'pw of app'",
		"CREATE ROLE bycert LOGIN", "CREATE ROLE bypeer LOGIN", "CREATE ROLE trusted LOGIN",
		"CREATE ROLE plain LOGIN PASSWORD 'pw of app'",
		"CREATE DATABASE private", "REVOKE CONNECT ON DATABASE private FROM PUBLIC",
		"CREATE DATABASE shut ALLOW_CONNECTIONS false",
		"CREATE DATABASE full_up CONNECTION LIMIT 0",
	)
	app := as(s, "app", "pw of app")
	in := func(database string) registry.Config {
		cfg := app
		cfg.Database = database
		return cfg
	}
	overSocket := func(cfg registry.Config) registry.Config {
		cfg.Host = s.Socket
		return cfg
	}
	encrypted := func(cfg registry.Config) registry.Config {
		cfg.TLS = s.TLS()
		return cfg
	}
	certified := func(cfg registry.Config, user string) registry.Config {
		cfg.TLS = s.TLS()
		pair := s.CA.Client(user)
		cfg.TLS.Cert, cfg.TLS.Key = pair.Cert, registry.NewSecret(pair.Key)
		return cfg
	}

	for name, c := range map[string]struct {
		cfg  registry.Config
		kind registry.Kind
		says string
	}{
		"wrong password":           {as(s, "app", "not pw of app"), registry.KindAuth, "verify user and password"},
		"no password":              {as(s, "app", ""), registry.KindAuth, "verify user and password"},
		"unknown role":             {as(s, "nobody", "pw of app"), registry.KindAuth, "does not exist"},
		"role without a password":  {as(s, "nopassword", "pw of app"), registry.KindAuth, "has no password"},
		"expired password":         {as(s, "expired", "pw of app"), registry.KindAuth, "expired"},
		"locked role":              {as(s, "locked", "pw of app"), registry.KindAuth, "locked"},
		"TLS required":             {as(s, "tlsonly", "pw of app"), registry.KindAuth, "ssl=true"},
		"no line in pg_hba.conf":   {encrypted(as(s, "noline", "pw of app")), registry.KindAuth, "does not let this user"},
		"certificate required":     {encrypted(as(s, "bycert", "")), registry.KindAuth, "ssl.cert"},
		"certificate of another":   {certified(as(s, "bycert", ""), "app"), registry.KindAuth, "common name"},
		"another user's socket":    {overSocket(as(s, "bypeer", "")), registry.KindAuth, "named like this process's user"},
		"unknown role, trusted":    {as(s, "untrusted", ""), registry.KindAuth, "the role does not exist"},
		"Kerberos only":            {as(s, "gss", "pw of app"), registry.KindAuth, "method of authentication"},
		"password in clear":        {as(s, "plain", "pw of app"), registry.KindAuth, "params.require_auth=password"}, // B10
		"password in the open":     {with(as(s, "plain", "pw of app"), "require_auth", "scram-sha-256"), registry.KindAuth, "params.require_auth"},
		"channel without TLS":      {with(app, "channel_binding", "require"), registry.KindAuth, "channel_binding"},
		"no password asked for":    {with(as(s, "trusted", ""), "require_auth", "!none"), registry.KindAuth, "params.require_auth"},
		"no right to the database": {in("private"), registry.KindAuth, "GRANT CONNECT"},
		"missing database":         {in("missing"), registry.KindNoDatabase, "create the database"},
		"database that is shut":    {in("shut"), registry.KindNoDatabase, "ALLOW_CONNECTIONS"},
		"limit of the role":        {as(s, "one", "pw of app"), registry.KindTooMany, "ALTER ROLE"},
		"limit of the database":    {in("full_up"), registry.KindTooMany, "ALTER DATABASE"},
		"unknown time zone":        {withSession(app, "timezone", "Nowhere"), registry.KindConfig, "setting in session"},
		"role to act as":           {withSession(app, "role", "nobody"), registry.KindConfig, "setting in session"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.cfg.User == "gss" && !testserver.HasGSS() {
				t.Skip("the server was built without it")
			}
			check(t, try(t, c.cfg), c.kind, c.says)
		})
	}

	for name, cfg := range map[string]registry.Config{
		"password":              app,
		"password in the open":  with(as(s, "plain", "pw of app"), "require_auth", "scram-sha-256,password"),
		"password over TLS":     encrypted(as(s, "plain", "pw of app")),
		"password in a socket":  overSocket(as(s, "plain", "pw of app")),
		"TLS":                   encrypted(as(s, "tlsonly", "pw of app")),
		"client certificate":    certified(as(s, "bycert", ""), "bycert"),
		"trusted":               as(s, "trusted", ""),
		"unix socket":           overSocket(app),
		"proven by the channel": with(with(encrypted(app), "channel_binding", "require"), "require_auth", "scram-sha-256"),
	} {
		t.Run("lets in by "+name, func(t *testing.T) {
			if err := try(t, cfg); err != nil {
				t.Error(err)
			}
		})
	}
}

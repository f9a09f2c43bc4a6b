package mysql

import (
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestLoginsThatAreRefused(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{"loose-secure-auth": "0", "loose-max-password-errors": "3"}})
	run(t, s,
		"CREATE DATABASE shop", "CREATE DATABASE private",
		"CREATE USER app IDENTIFIED BY 'pw of app'", "GRANT ALL ON shop.* TO app",
		"CREATE USER locked IDENTIFIED BY 'pw of app' ACCOUNT LOCK",
		"CREATE USER expired IDENTIFIED BY 'pw of app' PASSWORD EXPIRE",
		"CREATE USER tlsonly IDENTIFIED BY 'pw of app' REQUIRE SSL",
		"CREATE USER certified IDENTIFIED BY 'pw of app' REQUIRE X509",
		"CREATE USER elsewhere@192.0.2.1 IDENTIFIED BY 'pw of app'",
		"CREATE USER one IDENTIFIED BY 'pw of app' WITH MAX_USER_CONNECTIONS 1",
		"CREATE USER hourly IDENTIFIED BY 'pw of app' WITH MAX_CONNECTIONS_PER_HOUR 1",
	)
	if s.IsMySQL() {
		run(t, s, "CREATE USER guessed IDENTIFIED BY 'pw of app' FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 1")
	} else {
		run(t, s, "CREATE USER guessed IDENTIFIED BY 'pw of app'", "CREATE USER bysocket IDENTIFIED VIA unix_socket",
			"CREATE USER ancient IDENTIFIED VIA mysql_old_password USING '0123456789abcdef'")
	}
	app := as(s, "app", "pw of app")
	app.Database = "shop"
	for _, cfg := range []registry.Config{as(s, "one", "pw of app"), as(s, "hourly", "pw of app")} {
		cfg.Database = ""
		conn(t, pool(t, cfg, registry.Env{}))
	}
	for range 3 {
		check(t, try(t, as(s, "guessed", "not pw of app")), registry.KindAuth, "")
	}
	in := func(database string) registry.Config {
		cfg := app
		cfg.Database = database
		return cfg
	}
	no := func(cfg registry.Config) registry.Config {
		cfg.Database = ""
		return cfg
	}
	encrypted := func(cfg registry.Config) registry.Config {
		cfg.Database = ""
		cfg.TLS = s.TLS()
		return cfg
	}
	certified := func(cfg registry.Config, pair testcert.Pair) registry.Config {
		cfg = encrypted(cfg)
		cfg.TLS.Cert, cfg.TLS.Key = pair.Cert, registry.NewSecret(pair.Key)
		return cfg
	}

	for name, c := range map[string]struct {
		cfg   registry.Config
		kind  registry.Kind
		says  string
		final bool
	}{
		"wrong password":          {as(s, "app", "not pw of app"), registry.KindAuth, "verify user and password", false},
		"no password":             {as(s, "app", ""), registry.KindAuth, "verify user and password", false},
		"unknown user":            {as(s, "nobody", "pw of app"), registry.KindAuth, "verify user and password", false},
		"locked account":          {no(as(s, "locked", "pw of app")), registry.KindAuth, "ACCOUNT UNLOCK", false},
		"expired password":        {no(as(s, "expired", "pw of app")), registry.KindAuth, "has expired", false},
		"TLS required":            {no(as(s, "tlsonly", "pw of app")), registry.KindAuth, "ssl=true", false},
		"certificate required":    {encrypted(as(s, "certified", "pw of app")), registry.KindAuth, "ssl.cert", false},
		"another host's account":  {as(s, "elsewhere", "pw of app"), registry.KindAuth, "verify user and password", false},
		"account of the socket":   {as(s, "bysocket", "pw of app"), registry.KindAuth, "without a password", false},
		"old password":            {as(s, "ancient", "pw of app"), registry.KindAuth, "IDENTIFIED VIA", false},
		"password guessed at":     {no(as(s, "guessed", "pw of app")), registry.KindAuth, "too many wrong passwords", false},
		"missing database":        {as(s, s.User, s.Password), registry.KindNoDatabase, "create the database", false},
		"database without rights": {in("private"), registry.KindNoDatabase, "no right", false},
		"missing, without rights": {in("missing"), registry.KindNoDatabase, "does not exist", false},
		"limit of the account":    {no(as(s, "one", "pw of app")), registry.KindTooMany, "max_user_connections", false},
		"quota of the hour":       {no(as(s, "hourly", "pw of app")), registry.KindTooMany, "quota", true},
		"unknown collation":       {withSession(app, "collation", "utf8mb4_klingon_ci"), registry.KindConfig, "collation", false},
		"unknown mode":            {withSession(app, "sql_mode", "NO_SUCH_MODE"), registry.KindConfig, "setting in session", false},
		"unknown time zone":       {withSession(app, "time_zone", "Europe/Zurich"), registry.KindConfig, "mysql_tzinfo_to_sql", false},
	} {
		t.Run(name, func(t *testing.T) {
			if s.IsMySQL() && (name == "account of the socket" || name == "old password") {
				t.Skip("MySQL 9 does not have it, or not without a plugin")
			}
			if name == "missing database" {
				c.cfg.Database = "missing"
			}
			err := try(t, c.cfg)
			check(t, err, c.kind, c.says)
			if got := Driver().Diagnose(err).Permanent; got != c.final {
				t.Errorf("Permanent is %v, want %v", got, c.final)
			}
		})
	}

	overSocket := app
	overSocket.Host = s.Socket
	overSocketTLS := overSocket
	overSocketTLS.TLS = &registry.TLS{CA: s.CA.PEM, ServerName: "localhost"}
	for name, cfg := range map[string]registry.Config{
		"password":               app,
		"TLS":                    encrypted(as(s, "tlsonly", "pw of app")),
		"client certificate":     certified(as(s, "certified", "pw of app"), s.CA.Client("whoever")),
		"unix socket":            overSocket,
		"TLS over a unix socket": overSocketTLS,
		"no database":            no(app),
		"no database, no rights": no(app),
		"compression":            with(app, "compress", "true"),
		"password sent in TLS":   with(encrypted(app), "allowCleartextPasswords", "true"),
	} {
		t.Run("lets in by "+name, func(t *testing.T) {
			if err := try(t, cfg); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestServerWithoutAKey is C2: it has nothing to encrypt a password with, and there is no TLS.
func TestServerWithoutAKey(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{
		"loose-caching-sha2-password-auto-generate-rsa-keys": "0",
		"loose-caching-sha2-password-private-key-path":       "none.pem",
		"loose-caching-sha2-password-public-key-path":        "none.pem",
	}})
	if !s.IsMySQL() {
		t.Skipf("the accounts of %s need no key", s.Version)
	}
	cfg := s.Config()
	check(t, try(t, cfg), registry.KindAuth, "ssl=true")
	cfg.TLS = s.TLS()
	if err := try(t, cfg); err != nil {
		t.Error(err)
	}
}

// TestStatementsThatMySQLAloneRefuses is C3 on the server that has them.
func TestStatementsThatMySQLAloneRefuses(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{"max-allowed-packet": "1M"}})
	run(t, s, "CREATE DATABASE shop", "CREATE TABLE shop.held (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO shop.held VALUES (1)")
	if err := try(t, s.Config(), "SELECT '"+strings.Repeat("x", 2<<20)+"'"); err == nil {
		t.Error("two megabytes fit into one")
	}
	if !s.IsMySQL() {
		t.Skipf("%s has no such errors", s.Version)
	}
	tx, err := pool(t, s.Config(), registry.Env{}).BeginTx(limit(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(limit(t), "UPDATE shop.held SET id = 2"); err != nil {
		t.Fatal(err)
	}
	check(t, try(t, s.Config(), "SELECT * FROM shop.held FOR UPDATE NOWAIT"), registry.KindBusy, "NOWAIT")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	run(t, s, "ALTER DATABASE shop READ ONLY = 1")
	check(t, try(t, s.Config(), "UPDATE shop.held SET id = 2"), registry.KindReadOnly, "READ ONLY = 0")
}

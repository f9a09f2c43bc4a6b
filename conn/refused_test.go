package conn_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
	"github.com/patchbay-go/patchbay/observer"
)

// refusals is a server that refuses some, and how it does so.
type refusals struct {
	options testserver.Options
	setup   []string
	logins  []login
}

// login is one that the server refuses. An empty database is the one that every user may use.
type login struct {
	name           string
	user, password string
	database       string
	held           int // connections that the user has already
	want           outcome
}

const password = "pw-2b5c-of-app"

var refusing = map[string]refusals{
	"postgres": {
		options: testserver.Options{
			Settings: map[string]string{"max_connections": "10", "superuser_reserved_connections": "3", "max_wal_senders": "0"},
			HBA:      []string{"hostssl all tlsonly all scram-sha-256", "host all tlsonly all reject"},
		},
		setup: []string{
			"CREATE ROLE app LOGIN PASSWORD '" + password + "'",
			"CREATE ROLE expired LOGIN PASSWORD '" + password + "' VALID UNTIL '2001-01-01'",
			"CREATE ROLE locked NOLOGIN PASSWORD '" + password + "'",
			"CREATE ROLE tlsonly LOGIN PASSWORD '" + password + "'",
			"CREATE ROLE single LOGIN PASSWORD '" + password + "' CONNECTION LIMIT 1",
			"CREATE DATABASE private", "REVOKE CONNECT ON DATABASE private FROM PUBLIC",
			"CREATE DATABASE shut ALLOW_CONNECTIONS false",
			"CREATE DATABASE narrow CONNECTION LIMIT 1",
		},
		logins: []login{
			{"wrong password", "app", "pw-8d1f-wrong", "", 0, outcome{conn.KindAuth, 1, "verify user and password"}},
			{"no password", "app", "", "", 0, outcome{conn.KindAuth, 1, "verify user and password"}},
			{"unknown user", "nobody", password, "", 0, outcome{conn.KindAuth, 1, "does not exist"}},
			{"expired password", "expired", password, "", 0, outcome{conn.KindAuth, 1, "has expired"}},
			{"locked", "locked", password, "", 0, outcome{conn.KindAuth, 1, "locked"}},
			{"TLS required", "tlsonly", password, "", 0, outcome{conn.KindAuth, 1, "ssl=true"}},
			{"missing database", "app", password, "missing", 0, outcome{conn.KindNoDatabase, 1, "create the database"}},
			{"database without a right", "app", password, "private", 0, outcome{conn.KindAuth, 1, "GRANT CONNECT"}},
			{"database that is shut", "app", password, "shut", 0, outcome{conn.KindNoDatabase, 1, "ALLOW_CONNECTIONS"}},
			{"limit of the user", "single", password, "", 1, outcome{conn.KindTooMany, 3, "ALTER ROLE"}},
			{"limit of the database", "app", password, "narrow", 1, outcome{conn.KindTooMany, 3, "ALTER DATABASE"}},
			{"all but the administrator's", "app", password, "", 7, outcome{conn.KindTooMany, 3, "slots for administrators"}},
			{"all", "", "", "", 10, outcome{conn.KindTooMany, 3, "raise max_connections"}},
		},
	},
	"mysql": {
		options: testserver.Options{Settings: map[string]string{"max-connections": "10", "max-user-connections": "9"}},
		setup: []string{
			"CREATE DATABASE shop", "CREATE DATABASE private",
			"CREATE USER app IDENTIFIED BY '" + password + "' WITH MAX_USER_CONNECTIONS 20", "GRANT ALL ON shop.* TO app",
			"CREATE USER expired IDENTIFIED BY '" + password + "' PASSWORD EXPIRE", "GRANT ALL ON shop.* TO expired",
			"CREATE USER locked IDENTIFIED BY '" + password + "' ACCOUNT LOCK",
			"CREATE USER tlsonly IDENTIFIED BY '" + password + "' REQUIRE SSL",
			"CREATE USER single IDENTIFIED BY '" + password + "' WITH MAX_USER_CONNECTIONS 1", "GRANT ALL ON shop.* TO single",
			"CREATE USER hourly IDENTIFIED BY '" + password + "' WITH MAX_CONNECTIONS_PER_HOUR 1", "GRANT ALL ON shop.* TO hourly",
			"CREATE USER usual IDENTIFIED BY '" + password + "'", "GRANT ALL ON shop.* TO usual",
		},
		logins: []login{
			{"wrong password", "app", "pw-8d1f-wrong", "shop", 0, outcome{conn.KindAuth, 1, "verify user and password"}},
			{"no password", "app", "", "shop", 0, outcome{conn.KindAuth, 1, "verify user and password"}},
			{"unknown user", "nobody", password, "shop", 0, outcome{conn.KindAuth, 1, "verify user and password"}},
			{"expired password", "expired", password, "shop", 0, outcome{conn.KindAuth, 1, "has expired"}},
			{"locked", "locked", password, "shop", 0, outcome{conn.KindAuth, 1, "ACCOUNT UNLOCK"}},
			{"TLS required", "tlsonly", password, "shop", 0, outcome{conn.KindAuth, 1, "ssl=true"}},
			{"missing database", "", "", "missing", 0, outcome{conn.KindNoDatabase, 1, "create the database"}},
			{"database without a right", "app", password, "private", 0, outcome{conn.KindNoDatabase, 1, "no right"}},
			{"quota of the hour", "hourly", password, "shop", 1, outcome{conn.KindTooMany, 1, "quota"}},
			{"limit of the user", "single", password, "shop", 1, outcome{conn.KindTooMany, 3, "max_user_connections"}},
			{"limit of any user", "usual", password, "shop", 9, outcome{conn.KindTooMany, 3, "max_user_connections"}},
			{"all", "app", password, "shop", 10, outcome{conn.KindTooMany, 3, "max_connections"}},
		},
	},
}

func TestWhatAServerRefusesIsTriedAsOftenAsItIsWorth(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		that := refusing[dialect]
		s := starters[dialect](t, that.options)
		setup(t, s, that.setup)
		cfg, proxy := through(t, s)
		for _, l := range that.logins {
			t.Run(l.name, func(t *testing.T) {
				cfg := l.config(cfg)
				held := occupy(t, cfg, l.held)
				before := len(proxy.Conns())
				e := fails(t, cfg, l.want)
				if n := len(proxy.Conns()) - before; n != l.want.attempts {
					t.Errorf("the server was connected to %d times: %v", n, e)
				}
				if l.want.attempts > 1 {
					c, _ := opens(t, retrying(cfg, steadfast), onFailure(t, func() { release(t, held[0]) }))
					works(t, c)
				}
			})
		}
	})
}

// steadfast goes on until it succeeds, for what takes a server a moment.
var steadfast = conn.Retry{Max: 2000, Delay: 5 * time.Millisecond, Factor: 1}

// occupy takes n connections, until they are released or the test ends.
func occupy(t testing.TB, cfg conn.Config, n int) (held []*sql.Conn) {
	t.Helper()
	if n == 0 {
		return nil
	}
	c, _ := opens(t, retrying(cfg, steadfast))
	for len(held) < n {
		one, err := c.DB.Conn(limit(t))
		if c.Diagnose(err).Kind == conn.KindTooMany { // PostgreSQL still counts a session that ended a moment ago
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = one.Close() }) // it may have been released
		held = append(held, one)
	}
	return held
}

// release ends a connection.
func release(t testing.TB, one *sql.Conn) {
	t.Helper()
	if err := one.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
		t.Errorf("Raw: %v", err)
	}
}

// onFailure does something between the first attempt, which is to fail, and the second.
func onFailure(t testing.TB, do func()) conn.Option {
	r := record(t)
	t.Cleanup(observer.On(r.bus, func(e observer.Event) { see(t, e) }))
	observer.Once(r.bus, func(conn.Retrying) { do() })
	t.Cleanup(func() {
		if len(of[conn.Retrying](r)) == 0 {
			t.Error("the first attempt did not fail")
		}
	})
	return conn.WithObserver(r.bus)
}

func (l login) config(cfg conn.Config) conn.Config {
	if l.user != "" {
		cfg = as(cfg, l.user, l.password)
	}
	if l.database != "" {
		cfg.Database = l.database
	}
	return cfg
}

func setup(t testing.TB, s *testserver.Server, statements []string) {
	t.Helper()
	admin := testuser.Admin(t, s)
	for _, statement := range statements {
		if _, err := admin.ExecContext(limit(t), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

package testserver_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// product is one of the two servers, with the driver by which the tests look at it from outside.
type product struct {
	name    string
	shared  func(testing.TB) *testserver.Server
	start   func(testing.TB, testserver.Options) *testserver.Server
	connect func(testing.TB, registry.Config) *sql.DB
	tlsUsed string // a query for the protocol of the session; empty when it is not encrypted
}

var products = []product{
	{
		"PostgreSQL", testserver.Postgres, testserver.StartPostgres, connectPostgres,
		"SELECT coalesce(version, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
	},
	{
		"MariaDB", testserver.MariaDB, testserver.StartMariaDB, connectMariaDB,
		"SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'SSL_VERSION'",
	},
}

func each(t *testing.T, test func(*testing.T, product)) {
	for _, p := range products {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

func connectPostgres(tb testing.TB, c registry.Config) *sql.DB {
	config, err := pgx.ParseConfig("sslmode=disable")
	if err != nil {
		tb.Fatal(err)
	}
	config.Host, config.Port, config.User = c.Host, uint16(c.Port), c.User
	config.Password, config.Database, config.TLSConfig = c.Password.Reveal(), c.Database, tlsConfig(tb, c)
	return opened(tb, stdlib.OpenDB(*config))
}

func connectMariaDB(tb testing.TB, c registry.Config) *sql.DB {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
	if strings.HasPrefix(c.Host, "/") {
		config.Net, config.Addr = "unix", c.Host
	}
	config.User, config.Passwd, config.DBName, config.TLS = c.User, c.Password.Reveal(), c.Database, tlsConfig(tb, c)
	connector, err := mysql.NewConnector(config)
	if err != nil {
		tb.Fatal(err)
	}
	return opened(tb, sql.OpenDB(connector))
}

func opened(tb testing.TB, db *sql.DB) *sql.DB {
	tb.Cleanup(func() { db.Close() })
	return db
}

func tlsConfig(tb testing.TB, c registry.Config) *tls.Config {
	if c.TLS == nil {
		return nil
	}
	config := &tls.Config{ServerName: c.Host, RootCAs: pool(tb, c.TLS.CA)}
	if c.TLS.Cert != "" {
		pair, err := tls.X509KeyPair([]byte(c.TLS.Cert), []byte(c.TLS.Key.Reveal()))
		if err != nil {
			tb.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

func query(tb testing.TB, db *sql.DB, text string) (string, error) {
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	defer cancel()
	var answer string
	err := db.QueryRowContext(ctx, text).Scan(&answer)
	return answer, err
}

func TestItTakesALoginOnEveryWayIn(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		s := p.start(t, testserver.Options{}) // a shared one may be somebody else's, without socket and CA
		ways := map[string]func(*registry.Config){
			"TCP":    func(*registry.Config) {},
			"socket": func(c *registry.Config) { c.Host = s.Socket },
			"TLS":    func(c *registry.Config) { c.TLS = s.TLS() },
			"TLS by name": func(c *registry.Config) {
				c.TLS, c.Host = s.TLS(), "localhost"
			},
			"TLS with a client certificate": func(c *registry.Config) {
				c.TLS = s.TLS()
				c.TLS.Cert, c.TLS.Key = s.Client.Cert, registry.NewSecret(s.Client.Key)
			},
		}
		if testport.HasIPv6() {
			ways["IPv6"] = func(c *registry.Config) { c.Host = "::1" }
		}
		for name, change := range ways {
			t.Run(name, func(t *testing.T) {
				config := s.Config()
				change(&config)
				tlsUsed := p.tlsUsed
				if s.IsMySQL() {
					tlsUsed = strings.ReplaceAll(tlsUsed, "information_schema", "performance_schema")
				}
				protocol, err := query(t, p.connect(t, config), tlsUsed)
				if want := config.TLS != nil; err != nil || (protocol != "") != want {
					t.Errorf("TLS protocol %q, %v; want one: %v", protocol, err, want)
				}
				config.Password = registry.NewSecret("wrong")
				if _, err := query(t, p.connect(t, config), "SELECT 1"); err == nil {
					t.Error("a wrong password was let in")
				}
			})
		}
	})
}

func TestTheAdministratorMayCreateUsersAndDatabases(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		s := p.start(t, testserver.Options{})
		db := p.connect(t, s.Config())
		for _, statement := range []string{"CREATE DATABASE d", "CREATE ROLE r", "GRANT r TO " + s.User, "DROP ROLE r"} {
			if _, err := db.Exec(statement); err != nil {
				t.Errorf("%s: %v", statement, err)
			}
		}
		config := s.Config()
		config.User, config.Password = "", registry.Secret{}
		if _, err := query(t, p.connect(t, config), "SELECT 1"); err == nil {
			t.Error("a user without a name was let in")
		}
	})
}

func TestTheVersionIsThatOfTheServer(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		s := p.shared(t)
		answer, err := query(t, p.connect(t, s.Config()), "SELECT version()")
		if err != nil {
			t.Fatal(err)
		}
		product, number, _ := strings.Cut(s.Version, " ")
		if number == "" || !s.IsMySQL() && !strings.Contains(answer, product) || !strings.Contains(answer, number) {
			t.Errorf("Version is %q, the server says %q", s.Version, answer)
		}
	})
}

func TestTestsOfAProcessShareAServer(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		first, second := p.shared(t), p.shared(t)
		if first != second {
			t.Error("the second call started another one")
		}
		if p.start(t, testserver.Options{}).Port == first.Port {
			t.Error("a test's own server is the shared one")
		}
	})
}

func TestItStopsAndRestartsOnTheSamePortWithItsData(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		s := p.start(t, testserver.Options{})
		db := p.connect(t, s.Config())
		if _, err := db.Exec("CREATE TABLE kept (n int)"); err != nil {
			t.Fatal(err)
		}
		for _, end := range []func(testing.TB){s.Stop, s.Kill} {
			end(t)
			if conn, err := net.Dial("tcp", net.JoinHostPort(s.Host, fmt.Sprint(s.Port))); err == nil {
				conn.Close()
				t.Fatal("it still accepts connections")
			}
			start := time.Now()
			s.Restart(t, testserver.Options{})
			t.Logf("started again in %v", time.Since(start).Round(time.Millisecond))
			if n, err := query(t, db, "SELECT count(*) FROM kept"); n != "0" || err != nil {
				t.Errorf("the table afterwards: %q, %v", n, err)
			}
		}
		if log := s.Log(); strings.Count(log, "starting ")+strings.Count(log, "Starting MariaDB") < 3 {
			t.Errorf("the log does not show three starts:\n%s", log)
		}
	})
}

func TestItRestartsWithOtherSettings(t *testing.T) {
	show := map[string]string{"PostgreSQL": "SHOW max_connections", "MariaDB": "SELECT @@max_connections"}
	each(t, func(t *testing.T, p product) {
		s := p.start(t, testserver.Options{Settings: map[string]string{"max_connections": "33"}})
		if n, err := query(t, p.connect(t, s.Config()), show[p.name]); n != "33" || err != nil {
			t.Errorf("max_connections is %q, %v", n, err)
		}
		s.Restart(t, testserver.Options{Settings: map[string]string{"max_connections": "44"}, NoTLS: true})
		if n, err := query(t, p.connect(t, s.Config()), show[p.name]); n != "44" || err != nil {
			t.Errorf("after the restart max_connections is %q, %v", n, err)
		}
		config := s.Config()
		config.TLS = s.TLS()
		if _, err := query(t, p.connect(t, config), "SELECT 1"); err == nil {
			t.Error("after a restart without TLS it took an encrypted login")
		}
	})
}

func TestItPresentsTheCertificateThatATestWants(t *testing.T) {
	each(t, func(t *testing.T, p product) {
		s := p.start(t, testserver.Options{})
		for name, cert := range badPairs(s.CA) {
			s.Restart(t, testserver.Options{Cert: &cert.pair})
			config := s.Config()
			config.TLS = s.TLS()
			if _, err := query(t, p.connect(t, config), "SELECT 1"); err == nil || !strings.Contains(err.Error(), cert.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestPostgreSQLAsksForWhatItsHBALinesSay(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{HBA: []string{
		"hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-full",
		"hostnossl all all 127.0.0.1/32 reject",
	}})
	config := s.Config()
	if _, err := query(t, connectPostgres(t, config), "SELECT 1"); err == nil {
		t.Error("an unencrypted login was let in")
	}
	config.TLS = s.TLS()
	if _, err := query(t, connectPostgres(t, config), "SELECT 1"); err == nil {
		t.Error("a login without a client certificate was let in")
	}
	for name, want := range map[string]bool{s.User: true, "another": false} {
		pair := s.CA.Client(name)
		config.TLS.Cert, config.TLS.Key = pair.Cert, registry.NewSecret(pair.Key)
		if _, err := query(t, connectPostgres(t, config), "SELECT 1"); (err == nil) != want {
			t.Errorf("with the certificate of %q: %v", name, err)
		}
	}
}

func TestPostgreSQLCanBeKeptStarting(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{Starting: true})
	if _, err := query(t, connectPostgres(t, s.Config()), "SELECT 1"); err == nil || !strings.Contains(err.Error(), "57P03") {
		t.Errorf("while it starts: %v", err)
	}
	s.Restart(t, testserver.Options{})
	if _, err := query(t, connectPostgres(t, s.Config()), "SELECT 1"); err != nil {
		t.Errorf("after it has started: %v", err)
	}
}

func TestPostgreSQLCanBeKeptShuttingDown(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	db := connectPostgres(t, s.Config())
	session, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Signal(t, syscall.SIGTERM)
	for !strings.Contains(s.Log(), "received smart shutdown request") {
		time.Sleep(time.Millisecond)
	}
	if _, err := query(t, db, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "57P03") {
		t.Errorf("a new login: %v", err)
	}
	if err := session.PingContext(t.Context()); err != nil {
		t.Errorf("the open session: %v", err)
	}
	session.Close()
}

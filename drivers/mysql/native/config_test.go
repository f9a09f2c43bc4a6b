package native_test

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/drivers/mysql/native"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
	"github.com/patchbay-go/patchbay/registry"
)

func TestMain(m *testing.M) { testserver.Main(m) }

func open(t *testing.T, cfg registry.Config, env registry.Env) *sql.DB {
	t.Helper()
	config, err := native.Config(cfg, env)
	if err != nil {
		t.Fatal(err)
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestConfigIsWhatOpenMakes(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	for name, change := range map[string]func(*registry.Config){
		"plaintext": func(*registry.Config) {},
		"TLS":       func(c *registry.Config) { c.TLS = s.TLS() },
		"socket":    func(c *registry.Config) { c.Host = s.Socket },
	} {
		cfg := s.Config()
		cfg.Session = map[string]string{"collation": "utf8mb4_bin", "sql_mode": "ANSI_QUOTES", "net_read_timeout": "77", "time_zone": "+02:00", "default_week_format": "3"}
		change(&cfg)
		db := open(t, cfg, registry.Env{})
		var got [6]string
		err := db.QueryRowContext(testdriver.Context(t), `SELECT @@collation_connection, @@sql_mode, @@net_read_timeout, @@time_zone, @@default_week_format, DATABASE()`).
			Scan(&got[0], &got[1], &got[2], &got[3], &got[4], &got[5])
		if want := [6]string{"utf8mb4_bin", "ANSI_QUOTES", "77", "+02:00", "3", s.Database}; err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
		var variable, cipher string
		if err := db.QueryRowContext(testdriver.Context(t), "SHOW STATUS LIKE 'Ssl_cipher'").Scan(&variable, &cipher); err != nil || (cipher != "") != (cfg.TLS != nil) {
			t.Errorf("%s: the cipher is %q, %v", name, cipher, err)
		}
	}
	cfg := s.Config()
	cfg.TLS = &registry.TLS{CA: testcert.NewCA("another").PEM}
	if err := open(t, cfg, registry.Env{}).PingContext(testdriver.Context(t)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with another authority: %v", err)
	}
}

func TestThePasswordAndTheCertificatesAreReadAnew(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	u := testuser.New(t, s)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cfg := u.Config()
	cfg.Password, cfg.PasswordFile = registry.Secret{}, filepath.Join(dir, "password")
	cfg.TLS = &registry.TLS{CAFile: write("ca.pem", s.CA.PEM)}
	env, err := credentials.Env(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, cfg, env)
	db.SetMaxIdleConns(-1) // so that every statement connects
	if err := db.PingContext(testdriver.Context(t)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
	for range 3 {
		word := rand.Text()
		u.SetPassword(word)
		write("password", word+"\n")
		if err := db.PingContext(testdriver.Context(t)); err != nil {
			t.Fatal(err)
		}
	}
	write("ca.pem", testcert.NewCA("another").PEM)
	if err := db.PingContext(testdriver.Context(t)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with another authority in the file: %v", err)
	}
	write("ca.pem", s.CA.PEM+"\n")
	if err := db.PingContext(testdriver.Context(t)); err != nil {
		t.Error(err)
	}
}

func TestWhatAConfigOfTheDriverCannotSay(t *testing.T) {
	for want, cfg := range map[string]registry.Config{
		"passwordFile is read for every connection":            {PasswordFile: "/run/pw"},
		"credentials.provider is asked for every connection":   {Credentials: registry.Credentials{Provider: "vault"}},
		"session.transaction_isolation has one name in MySQL":  {Session: map[string]string{"tx_isolation": "SERIALIZABLE"}},
		"tls is preferred, with which anyone in between can":   {DSN: registry.NewSecret("app@tcp(h)/d?tls=preferred")},
		"filename is set, but mysql is a server and opens no ": {Filename: "x"},
	} {
		cfg.Dialect = "mysql"
		if _, err := native.Config(cfg, registry.Env{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

package native_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/drivers/postgres/native"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
	"github.com/patchbay-go/patchbay/registry"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// write puts a file in the place of another one at once, and returns its name.
func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := errors.Join(os.WriteFile(path+".new", []byte(text), 0o600), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConnConfigIsWhatOpenMakes(t *testing.T) {
	t.Setenv("PGSSLMODE", "verify-full") // nothing of it may count
	t.Setenv("PGSERVICE", "none")
	s := testserver.StartPostgres(t, testserver.Options{})
	for name, change := range map[string]func(*registry.Config){
		"plaintext": func(*registry.Config) {},
		"TLS":       func(c *registry.Config) { c.TLS = s.TLS() },
		"socket":    func(c *registry.Config) { c.Host = s.Socket },
		"files": func(c *registry.Config) {
			c.TLS = &registry.TLS{CAFile: write(t, filepath.Join(t.TempDir(), "ca.pem"), s.CA.PEM)}
		},
	} {
		cfg := s.Config()
		cfg.Session, cfg.AppName = map[string]string{"work_mem": "5MB"}, "billing"
		change(&cfg)
		config, err := native.ConnConfig(cfg, registry.Env{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c, err := pgx.ConnectConfig(testdriver.Context(t), config)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got, want [4]string
		want = [4]string{"5MB", "billing", "UTC", map[bool]string{true: "true", false: "false"}[cfg.TLS != nil]}
		err = c.QueryRow(testdriver.Context(t), `SELECT current_setting('work_mem'), current_setting('application_name'), current_setting('timezone'), ssl::text
			FROM pg_stat_ssl WHERE pid = pg_backend_pid()`).Scan(&got[0], &got[1], &got[2], &got[3])
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
		if err := c.Close(testdriver.Context(t)); err != nil {
			t.Error(err)
		}
	}
	cfg := s.Config()
	cfg.TLS = &registry.TLS{CA: testcert.NewCA("another").PEM}
	config, err := native.ConnConfig(cfg, registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ConnectConfig(testdriver.Context(t), config); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with another authority: %v", err)
	}
}

// A server that asks for the password as it is does not get it in clear.
func TestConnConfigSendsNoPasswordInClear(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{HBA: []string{"host all all all password"}})
	config, err := native.ConnConfig(s.Config(), registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ConnectConfig(testdriver.Context(t), config); err == nil || !strings.Contains(err.Error(), "require_auth") {
		t.Errorf("in plaintext: %v", err)
	}
	cfg := s.Config()
	cfg.TLS = s.TLS()
	if config, err = native.ConnConfig(cfg, registry.Env{}); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.ConnectConfig(testdriver.Context(t), config)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close(testdriver.Context(t))
}

func TestPoolConfigReadsThePasswordAndTheCertificatesAnew(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	u := testuser.New(t, s)
	dir := t.TempDir()
	ca, password := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "password")
	rotate := func() {
		word := rand.Text()
		u.SetPassword(word)
		write(t, password, word+"\n")
	}
	rotate()
	write(t, ca, s.CA.PEM)
	cfg := u.Config()
	cfg.Password, cfg.PasswordFile, cfg.TLS = registry.Secret{}, password, &registry.TLS{CAFile: ca}
	cfg.Pool = registry.Pool{Max: 3}
	env, err := credentials.Env(cfg)
	if err != nil {
		t.Fatal(err)
	}
	config, err := native.PoolConfig(cfg, env)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	query := func() error {
		pool.Reset() // so that it connects
		var at time.Time
		err := pool.QueryRow(testdriver.Context(t), "SELECT now()").Scan(&at)
		if err == nil && at.Location() != time.UTC {
			t.Errorf("now() is %v, want it in UTC", at)
		}
		return err
	}
	for range 3 {
		if err := query(); err != nil {
			t.Fatal(err)
		}
		rotate()
	}
	write(t, password, "wrong")
	var refused *pgconn.PgError
	if err := query(); !errors.As(err, &refused) || refused.Code != "28P01" {
		t.Errorf("with another password in the file: %v", err)
	}
	rotate()
	write(t, ca, testcert.NewCA("another").PEM)
	if err := query(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with another authority in the file: %v", err)
	}
	write(t, ca, s.CA.PEM+"\n")
	if err := query(); err != nil {
		t.Error(err)
	}
}

func TestAfterARefusedLoginThePoolAsksForAnother(t *testing.T) {
	s := testserver.Postgres(t)
	cfg := s.Config()
	var asked []bool
	config, err := native.PoolConfig(cfg, registry.Env{Credentials: func(_ context.Context, refused bool) (registry.Login, error) {
		asked = append(asked, refused)
		if len(asked) == 1 {
			return registry.Login{Password: registry.NewSecret("wrong")}, nil
		}
		return registry.Login{Password: cfg.Password}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for i, want := range []bool{false, true, true} {
		if err := pool.Ping(testdriver.Context(t)); (err == nil) != want {
			t.Errorf("connection %d: %v", i, err)
		}
		pool.Reset()
	}
	if len(asked) != 3 || asked[0] || !asked[1] || asked[2] {
		t.Errorf("asked, with refused %v", asked)
	}
}

func TestBoundsOfAPool(t *testing.T) {
	for name, c := range map[string]struct {
		pool           registry.Pool
		max, min       int32
		lifetime, idle time.Duration
	}{
		"default":   {registry.Pool{}, 10, 0, 100 * 365 * 24 * time.Hour, 5 * time.Minute},
		"unlimited": {registry.Pool{Max: -1, MaxLifetime: -1, MaxIdleTime: -1}, 1<<31 - 1, 0, 100 * 365 * 24 * time.Hour, 100 * 365 * 24 * time.Hour},
		"given":     {registry.Pool{Min: 2, Max: 3, MaxLifetime: time.Hour, MaxIdleTime: time.Minute}, 3, 2, time.Hour, time.Minute},
	} {
		cfg := registry.Config{Dialect: "postgres", User: "app", Pool: c.pool}
		config, err := native.PoolConfig(cfg, registry.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if config.MaxConns != c.max || config.MinConns != c.min || config.MaxConnLifetime != c.lifetime || config.MaxConnIdleTime != c.idle {
			t.Errorf("%s: got %d, %d, %v, %v", name, config.MaxConns, config.MinConns, config.MaxConnLifetime, config.MaxConnIdleTime)
		}
	}
}

func TestWhatAConfigOfPgxCannotSay(t *testing.T) {
	login := registry.Env{Credentials: func(context.Context, bool) (registry.Login, error) { return registry.Login{}, nil }}
	for want, c := range map[string]struct {
		cfg  registry.Config
		env  registry.Env
		pool bool
	}{
		"passwordFile is read for every connection":          {cfg: registry.Config{PasswordFile: "/run/pw"}, pool: true},
		"credentials.provider is asked for every connection": {cfg: registry.Config{Credentials: registry.Credentials{Provider: "vault"}}},
		"credentials are asked for every connection":         {env: login},
		"pool.maxIdle is set":                                {cfg: registry.Config{Pool: registry.Pool{MaxIdle: 1}}, pool: true},
		"hosts is what conn.Open does":                       {cfg: registry.Config{Hosts: []string{"a", "b"}}, pool: true},
		"role is what conn.Open does":                        {cfg: registry.Config{Role: registry.RoleWriter}},
		"readers is what conn.Open does":                     {cfg: registry.Config{Readers: &registry.Config{User: "r"}}},
		"user is empty":                                      {cfg: registry.Config{DSN: registry.NewSecret("host=h")}},
		"sslmode is prefer":                                  {cfg: registry.Config{DSN: registry.NewSecret("sslmode=prefer user=a")}},
	} {
		if c.cfg.DSN.IsZero() {
			c.cfg.User = "app"
		}
		c.cfg.Dialect = "postgres"
		var err error
		if c.pool {
			_, err = native.PoolConfig(c.cfg, c.env)
		} else {
			_, err = native.ConnConfig(c.cfg, c.env)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

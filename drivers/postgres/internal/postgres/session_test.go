package postgres

import (
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
	"github.com/patchbay-go/patchbay/registry"
)

func TestWaysToTheServer(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	hosts := map[string]string{
		"address": "127.0.0.1", "name": "localhost", "folder of the socket": s.Socket,
		"socket": filepath.Join(s.Socket, ".s.PGSQL."+port(uint16(s.Port))),
	}
	if testport.HasIPv6() {
		hosts["IPv6"] = "::1"
	}
	for name, host := range hosts {
		cfg := s.Config()
		cfg.Host = host
		if err := try(t, cfg); err != nil {
			t.Errorf("by %s: %v", name, err)
		}
	}
}

func TestSessionDefaults(t *testing.T) {
	s := testserver.Postgres(t)
	cfg := s.Config()
	cfg.AppName = "billing"
	db := pool(t, cfg, registry.Env{})
	now := time.Now()
	var app, encoding, zone, text string
	var stamp, here time.Time
	err := db.QueryRowContext(limit(t), `SELECT current_setting('application_name'), current_setting('client_encoding'),
		current_setting('timezone'), '2026-07-01 12:00:00+02'::timestamptz, now(), 'ü'||chr(128512)`).
		Scan(&app, &encoding, &zone, &stamp, &here, &text)
	if err != nil {
		t.Fatal(err)
	}
	if app != "billing" || encoding != "UTF8" || zone != "UTC" || text != "ü😀" {
		t.Errorf("got %q, %q, %q, %q; want billing, UTF8, UTC, ü😀", app, encoding, zone, text)
	}
	if want := time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC); stamp != want {
		t.Errorf("got %#v, want %#v", stamp, want)
	}
	if here.Location() != time.UTC || here.Sub(now).Abs() > time.Minute {
		t.Errorf("now() is %v, want about %v in UTC", here, now)
	}
}

func TestSessionReachesTheServer(t *testing.T) {
	s := testserver.Postgres(t)
	session := map[string]string{
		"search_path": `"a'b", public`, "timezone": "Europe/Zurich", "statement_timeout": "5min", "lock_timeout": "7s",
		"idle_in_transaction_session_timeout": "8s", "idle_session_timeout": "1d", "role": "pg_read_all_data",
		"default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on",
		"work_mem": "5MB", "my.tenant": `a 'b' \ "c"`,
	}
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		cfg := s.Config()
		cfg.Session, cfg.Params = session, map[string]string{"default_query_exec_mode": mode}
		db := pool(t, cfg, registry.Env{})
		for _, name := range slices.Sorted(maps.Keys(session)) {
			var got string
			if err := db.QueryRowContext(limit(t), "SELECT current_setting($1)", name).Scan(&got); err != nil || got != session[name] {
				t.Errorf("%s: %s is %q, %v; want %q", mode, name, got, err, session[name])
			}
		}
	}
}

func TestTheEnvironmentDoesNotGetInTheWay(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	encrypted := s.Config()
	encrypted.TLS = s.TLS()
	poison(t)
	for _, cfg := range []registry.Config{s.Config(), encrypted} {
		if err := try(t, cfg); err != nil {
			t.Error(err)
		}
	}
	t.Setenv("HOME", t.TempDir())
	for _, name := range variables(t) {
		t.Setenv(name, "")
	}
	t.Setenv("PGSSLCERTMODE", "allow") // empty is an error, as in libpq
	t.Setenv("PGPASSWORD", s.Password)
	cfg := with(s.Config(), "environment", "use")
	cfg.Password = registry.Secret{}
	if err := try(t, cfg); err != nil {
		t.Errorf("with the password from the environment: %v", err)
	}
}

func TestCredentialsAreAskedForEachConnection(t *testing.T) {
	tested.Credentials(t, testserver.Postgres(t))
}

func TestOddNamesLogIn(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	tested.OddNames(t, s)
	name := strings.Repeat("long", 25) // https://www.postgresql.org/docs/current/sql-syntax-lexical.html: cut to 63 bytes
	run(t, s, "CREATE ROLE "+name+" LOGIN PASSWORD 'pw of long'", "CREATE DATABASE "+name)
	cfg := as(s, name, "pw of long")
	cfg.Database = name
	db := pool(t, cfg, registry.Env{})
	cfg.User, cfg.Database = name[:63], name[:63]
	testuser.LoggedIn(limit(t), t, db, cfg)
}

func TestRawYieldsTheDriversOwnConnection(t *testing.T) {
	c := conn(t, pool(t, testserver.Postgres(t).Config(), registry.Env{}))
	err := c.Raw(func(dc any) error {
		own, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("it is a %T", dc)
		}
		var n int
		return own.Conn().QueryRow(limit(t), "SELECT 1").Scan(&n)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOpeningCostsNoRoundTripMore(t *testing.T) {
	ours, theirs := tested.Trips(t, testserver.Postgres(t), func(cfg registry.Config) *sql.DB {
		config, err := pgx.ParseConfig("sslmode=disable")
		if err != nil {
			t.Fatal(err)
		}
		config.Host, config.Port, config.Database, config.Fallbacks = cfg.Host, uint16(cfg.Port), cfg.Database, nil
		config.User, config.Password = cfg.User, cfg.Password.Reveal()
		return stdlib.OpenDB(*config)
	})
	if ours != theirs {
		t.Errorf("%d round trips, and %d with pgx alone", ours, theirs)
	}
}

func TestVersion(t *testing.T) {
	s := testserver.Postgres(t)
	var version string
	query := Driver().Info().VersionQuery
	if err := pool(t, s.Config(), registry.Env{}).QueryRowContext(limit(t), query).Scan(&version); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Version, strings.Fields(version)[0]) {
		t.Errorf("got %q of %s", version, s.Version)
	}
}

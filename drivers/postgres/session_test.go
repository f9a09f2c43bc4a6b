//go:build postgres || alldrivers

package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testserver"
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

func TestParamsReachTheSession(t *testing.T) {
	s := testserver.Postgres(t)
	params := map[string]string{
		"search_path": `"a'b", public`, "timezone": "Europe/Zurich", "statement_timeout": "5min", "lock_timeout": "7s",
		"idle_in_transaction_session_timeout": "8s", "idle_session_timeout": "1d", "role": "pg_read_all_data",
		"default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on",
	}
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		cfg := s.Config()
		cfg.Params = maps.Clone(params)
		cfg.Params["default_query_exec_mode"] = mode
		db := pool(t, cfg, registry.Env{})
		for _, name := range slices.Sorted(maps.Keys(params)) {
			var got string
			if err := db.QueryRowContext(limit(t), "SELECT current_setting($1)", name).Scan(&got); err != nil || got != params[name] {
				t.Errorf("%s: %s is %q, %v; want %q", mode, name, got, err, params[name])
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
	s := testserver.StartPostgres(t, testserver.Options{})
	run(t, s, "CREATE ROLE rotates LOGIN PASSWORD 'first one'")
	cfg := as(s, "", "")
	password, asked := "first one", 0
	errVault := errors.New("the vault is sealed")
	db := pool(t, cfg, registry.Env{Credentials: func(context.Context) (string, registry.Secret, error) {
		asked++
		if password == "" {
			return "", registry.Secret{}, errVault
		}
		return "rotates", registry.NewSecret(password), nil
	}})
	first := conn(t, db)
	run(t, s, "ALTER ROLE rotates PASSWORD 'second one'")
	password = "second one"
	second := conn(t, db)
	for _, c := range []interface{ PingContext(context.Context) error }{first, second} {
		if err := c.PingContext(limit(t)); err != nil {
			t.Error(err)
		}
	}
	password = ""
	if _, err := db.Conn(limit(t)); !errors.Is(err, errVault) {
		t.Errorf("got %v, want %v", err, errVault)
	}
	if asked != 3 {
		t.Errorf("asked %d times for 3 connections", asked)
	}
}

func TestOddNamesLogIn(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{
		`'`, `"`, `\`, `a'b"c\d`, ":@/?#%;&", "postgres://u:p@h/d?x=y", " ", " a b ", "100%", "%41", "a=b", "ü", "用户", "😀",
		"x' sslmode='disable", strings.Repeat("x", 100), "user=admin", "--", "$1",
	}
	for range 9 {
		letters := []rune(`abc'"\:@/?#%;&=+ ,.{}[]()<>|$~^*!-_` + "\t\nüß用😀")
		name := make([]rune, 1+r.IntN(12))
		for i := range name {
			name[i] = letters[r.IntN(len(letters))]
		}
		names = append(names, string(name))
	}
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	for i, name := range names {
		password := fmt.Sprint(name, " secret ", i, name)
		role := pgx.Identifier{name}.Sanitize()
		run(t, s, "CREATE ROLE "+role+" LOGIN PASSWORD "+quote(password), "CREATE DATABASE "+role+" OWNER "+role)
		cfg := as(s, name, password)
		cfg.Database = name
		var user, database string
		err := pool(t, cfg, registry.Env{}).QueryRowContext(limit(t), "SELECT current_user, current_database()").Scan(&user, &database)
		// https://www.postgresql.org/docs/current/sql-syntax-lexical.html: names are cut to 63 bytes
		if want := name[:min(len(name), 63)]; err != nil || user != want || database != want {
			t.Errorf("logged in as %q to %q, %v; want %q", user, database, err, want)
		}
		run(t, s, "DROP DATABASE "+role+" WITH (FORCE)")
		cfg.Password = registry.NewSecret("not the " + password)
		check(t, try(t, cfg), registry.KindAuth, "")
	}
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
	query := Driver().(registry.Versioner).VersionQuery()
	if err := pool(t, s.Config(), registry.Env{}).QueryRowContext(limit(t), query).Scan(&version); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Version, strings.Fields(version)[0]) {
		t.Errorf("got %q of %s", version, s.Version)
	}
}

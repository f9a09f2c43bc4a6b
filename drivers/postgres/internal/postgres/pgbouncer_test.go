package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// bouncer starts a server behind PgBouncer, which has one connection to it unless the settings say otherwise.
func bouncer(t *testing.T, settings map[string]string) (server, pooler *testserver.Server) {
	server = testserver.StartPostgres(t, testserver.Options{})
	all := map[string]string{"default_pool_size": "1"}
	for name, value := range settings {
		all[name] = value
	}
	return server, testserver.StartPgBouncer(t, server, testserver.Options{Settings: all})
}

func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// open opens what has to open, until the test ends.
func open(t *testing.T, cfg conn.Config, opts ...conn.Option) *conn.Conn {
	t.Helper()
	c, err := conn.Open(limit(t), cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the test may have ended the server
	return c
}

// is fails the test unless err is of the kind and its hint says the words.
func is(t *testing.T, err error, kind conn.Kind, says string) {
	t.Helper()
	if got := conn.Diagnose(err); got.Kind != kind || !strings.Contains(got.Hint, says) {
		t.Errorf("%v is %+v, want the kind %v and a hint that says %q", err, got, kind, says)
	}
}

func with(cfg conn.Config, name, value string) conn.Config {
	cfg.Params = map[string]string{name: value}
	return cfg
}

// B1.
func TestOpenPreparesNothing(t *testing.T) {
	server, pooler := bouncer(t, nil)
	cfg := pooler.Config()
	cfg.Pool.Min = 2
	for range 3 {
		c := open(t, cfg, conn.WithCheckInterval(time.Millisecond))
		if _, err := c.Version(limit(t)); err != nil {
			t.Error(err)
		}
		info := c.Info()
		var role int
		if err := c.QueryRowContext(limit(t), info.RoleQuery, info.QueryArgs...).Scan(&role); err != nil || role != 1 {
			t.Errorf("the role is %d, %v", role, err)
		}
		if err := conn.Test(limit(t), cfg); err != nil {
			t.Error(err)
		}
	}
	if n := server.Log(); strings.Contains(n, "prepared statement") {
		t.Errorf("the server says\n%s", n)
	}
}

// B1.
func TestStatementsPreparedByOthers(t *testing.T) {
	_, pooler := bouncer(t, map[string]string{"default_pool_size": "2"})
	ask := func(c interface {
		QueryRowContext(context.Context, string, ...any) *sql.Row
	},
	) error {
		var n int
		return c.QueryRowContext(limit(t), "SELECT 42").Scan(&n)
	}
	first, second := open(t, pooler.Config()), open(t, pooler.Config())
	if err := ask(first); err != nil {
		t.Fatal(err)
	}
	err := ask(second)
	is(t, err, conn.KindConfig, "default_query_exec_mode=exec")
	if code := conn.Diagnose(err).Code; code != "42P05" {
		t.Errorf("the code is %s", code)
	}
	tx, err := second.BeginTx(limit(t), nil) // takes the only server connection so far, so that PgBouncer makes another
	if err != nil {
		t.Fatal(err)
	}
	err = ask(first)
	is(t, err, conn.KindConfig, "default_query_exec_mode=exec")
	if code := conn.Diagnose(err).Code; code != "26000" {
		t.Errorf("the code is %s", code)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

// B1: the cure.
func TestModesThatWorkBehindPgBouncer(t *testing.T) {
	_, pooler := bouncer(t, map[string]string{"default_pool_size": "3"})
	for _, mode := range []string{"exec", "cache_describe", "simple_protocol"} {
		first, second := open(t, with(pooler.Config(), "default_query_exec_mode", mode)), open(t, with(pooler.Config(), "default_query_exec_mode", mode))
		var users sync.WaitGroup
		for i := range 8 {
			users.Go(func() {
				for n := range 25 {
					c, answer := []*conn.Conn{first, second}[n%2], ""
					query := fmt.Sprintf("SELECT 'answer %d ' || $1::text", i)
					want := fmt.Sprintf("answer %d of %d", i, n)
					if err := c.QueryRowContext(limit(t), query, fmt.Sprintf("of %d", n)).Scan(&answer); err != nil || answer != want {
						t.Errorf("%s: got %q, %v; want %q", mode, answer, err, want)
					}
				}
			})
		}
		users.Wait()
	}
}

// B2: PgBouncer lets clients in that have asked before, and fails their statements.
func TestPgBouncerWithoutItsServer(t *testing.T) {
	server, pooler := bouncer(t, nil)
	cfg := pooler.Config()
	if err := conn.Test(limit(t), cfg); err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	cfg.Retry.Max = -1
	once := func() error { // the first waits while PgBouncer finds out
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return conn.Test(ctx, cfg)
	}
	err := once()
	for range 20 {
		if conn.KindOf(err) != conn.KindCanceled {
			break
		}
		err = once()
	}
	is(t, err, conn.KindStarting, "server_login_retry")

	cfg.Retry = conn.Retry{Max: 2, Delay: time.Millisecond}
	_, err = conn.Open(limit(t), cfg)
	if e, ok := err.(*conn.Error); !ok || e.Kind != conn.KindStarting || e.Attempts != 3 {
		t.Errorf("got %v, want 3 attempts", err)
	}

	server.Restart(t, testserver.Options{Starting: true})
	pooler.Restart(t, testserver.Options{})
	cfg.Retry = conn.Retry{Max: -1}
	is(t, conn.Test(limit(t), cfg), conn.KindStarting, "behind the connection pooler")
}

// B3, and B10 where PgBouncer asks for the password in clear.
func TestLoginsThatPgBouncerRefuses(t *testing.T) {
	_, pooler := bouncer(t, nil)
	for _, method := range []string{"scram-sha-256", "md5", "plain"} {
		pooler.Restart(t, testserver.Options{Settings: map[string]string{"auth_type": method}})
		cfg := pooler.Config()
		if method == "plain" {
			is(t, conn.Test(limit(t), cfg), conn.KindAuth, "params.require_auth=password")
			cfg = with(cfg, "require_auth", "password")
		}
		if err := conn.Test(limit(t), cfg); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		cfg.Password = conn.NewSecret("not the password")
		is(t, conn.Test(limit(t), cfg), conn.KindAuth, "verify user and password")
	}
	pooler.Restart(t, testserver.Options{Settings: map[string]string{"auth_type": "trust"}})
	cfg := pooler.Config()
	cfg.User = "nobody"
	is(t, conn.Test(limit(t), cfg), conn.KindAuth, "")
}

// B4.
func TestWhatPgBouncerEnds(t *testing.T) {
	server, pooler := bouncer(t, map[string]string{"query_timeout": "1"})
	c := open(t, pooler.Config())
	_, err := c.ExecContext(limit(t), "SELECT pg_sleep(30)")
	is(t, err, conn.KindTimeout, "query_timeout")

	pooler.Restart(t, testserver.Options{Settings: map[string]string{"client_idle_timeout": "1"}})
	one, err := c.Conn(limit(t))
	for err == nil { // until it is idle for long enough
		time.Sleep(1500 * time.Millisecond)
		_, err = one.ExecContext(limit(t), "SELECT 1")
	}
	is(t, err, conn.KindLost, "client_idle_timeout")

	pooler.Restart(t, testserver.Options{})
	tx, err := c.BeginTx(limit(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if err := tx.QueryRowContext(limit(t), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, server.Config()).ExecContext(limit(t), "SELECT pg_terminate_backend($1)", pid); err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil; {
		_, err = tx.ExecContext(limit(t), "SELECT 1")
	}
	is(t, err, conn.KindLost, "")
	_ = tx.Rollback()

	admin := pooler.Config()
	admin.Database = "pgbouncer"
	admin = with(admin, "default_query_exec_mode", "simple_protocol")
	console, err := sql.Open("pgx", fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=pgbouncer sslmode=disable default_query_exec_mode=simple_protocol",
		admin.Host, admin.Port, admin.User, admin.Password.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	defer console.Close()
	if _, err := console.ExecContext(limit(t), "DISABLE "+pooler.Config().Database); err != nil {
		t.Fatal(err)
	}
	is(t, conn.Test(limit(t), pooler.Config()), conn.KindNoDatabase, "ENABLE")
}

// TestRoleBehindPgBouncer asks the server, since the pooler reports what it heard when it connected to it.
func TestRoleBehindPgBouncer(t *testing.T) {
	server, pooler := bouncer(t, nil)
	cfg := with(pooler.Config(), "default_query_exec_mode", "exec")
	cfg.Role, cfg.Retry.Max = conn.RoleWriter, -1
	open(t, cfg)
	admin := open(t, server.Config())
	for _, statement := range []string{"alter system set default_transaction_read_only = on", "select pg_reload_conf()"} {
		if _, err := admin.ExecContext(limit(t), statement); err != nil {
			t.Fatal(err)
		}
	}
	for {
		c, err := conn.Open(limit(t), cfg)
		if err == nil { // the server has not read its configuration yet
			_ = c.Close()
			continue
		}
		is(t, err, conn.KindRole, "")
		break
	}
}

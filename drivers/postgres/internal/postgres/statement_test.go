package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestStatementsThatFail(t *testing.T) {
	s := testserver.Postgres(t)
	run(t, s, "DROP TABLE IF EXISTS fails", "CREATE TABLE fails (id int)", "DROP ROLE IF EXISTS poor", "CREATE ROLE poor LOGIN PASSWORD 'pw of poor'")
	for name, c := range map[string]struct {
		err   error
		kind  registry.Kind
		says  string
		final bool
	}{
		"read-only transaction": {try(t, withSession(s.Config(), "default_transaction_read_only", "on"), "INSERT INTO fails VALUES (1)"), registry.KindReadOnly, "primary server", false},
		"statement timeout":     {try(t, withSession(s.Config(), "statement_timeout", "10ms"), "SELECT pg_sleep(30)"), registry.KindTimeout, "session.statement_timeout", true},
		"no right":              {try(t, as(s, "poor", "pw of poor"), "SELECT * FROM fails"), registry.KindDenied, "GRANT", false},
		"dropped connection":    {try(t, s.Config(), "SELECT pg_terminate_backend(pg_backend_pid())"), registry.KindLost, "administrator", false},
		"idle in a transaction": {idle(t, withSession(s.Config(), "idle_in_transaction_session_timeout", "1"), "BEGIN"), registry.KindLost, "idle_in_transaction", false},
		"idle":                  {idle(t, s.Config(), "SET idle_session_timeout = 1"), registry.KindLost, "idle_session_timeout", false},
		"no such table":         {try(t, s.Config(), "SELECT * FROM no_such_table"), registry.KindUndefined, "check its name", false},
		"no such type":          {try(t, s.Config(), "SELECT 1::no_such_type"), registry.KindUndefined, "check its name", false},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, c.err, c.kind, c.says)
			if got := Driver().Diagnose(c.err).Permanent; got != c.final {
				t.Errorf("Permanent is %v, want %v", got, c.final)
			}
		})
	}

	t.Run("a parameter that does not fit", func(t *testing.T) {
		for says, value := range map[string]any{"": "no number", "a parameter has not": int64(1) << 40} { // found by the server, and by pgx
			_, err := pool(t, s.Config(), registry.Env{}).ExecContext(limit(t), "INSERT INTO fails VALUES ($1)", value)
			check(t, err, registry.KindValue, says)
		}
	})

	t.Run("locked", func(t *testing.T) {
		holder := conn(t, pool(t, s.Config(), registry.Env{}))
		for _, statement := range []string{"BEGIN", "LOCK TABLE fails"} {
			if _, err := holder.ExecContext(limit(t), statement); err != nil {
				t.Fatal(err)
			}
		}
		check(t, try(t, withSession(s.Config(), "lock_timeout", "10"), "SELECT * FROM fails"), registry.KindBusy, "session.lock_timeout")
	})

	t.Run("canceled by an administrator", func(t *testing.T) {
		done := make(chan error, 1)
		go func() { done <- try(t, s.Config(), "SELECT pg_sleep(30)") }()
		run(t, s, fmt.Sprintf("SELECT pg_cancel_backend(%d)", awaitSleeper(t, s)))
		check(t, <-done, registry.KindCanceled, "canceled")
	})

	t.Run("cut off", func(t *testing.T) {
		c := conn(t, pool(t, s.Config(), registry.Env{}))
		err := c.Raw(func(dc any) error { return dc.(*stdlib.Conn).Conn().PgConn().Conn().Close() })
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.ExecContext(limit(t), "SELECT 1")
		check(t, err, registry.KindLost, "")
	})
}

// idle leaves a connection alone until the server ends it, and returns what the next statement says.
func idle(t *testing.T, cfg registry.Config, statement string) error {
	c := conn(t, pool(t, cfg, registry.Env{}))
	_, err := c.ExecContext(limit(t), statement)
	if err != nil { // it was left alone for long enough before
		return err
	}
	if raw := c.Raw(func(dc any) error {
		_, err = dc.(*stdlib.Conn).Conn().PgConn().ReceiveMessage(limit(t))
		return nil
	}); raw != nil {
		t.Fatal(raw)
	}
	return err
}

func TestCancelReachesTheServerThroughTheGivenDialer(t *testing.T) {
	s := testserver.Postgres(t)
	dialed := make(chan string, 9)
	db := pool(t, s.Config(), registry.Env{Dial: func(ctx context.Context, net_, address string) (net.Conn, error) {
		dialed <- address
		return new(net.Dialer).DialContext(ctx, net_, address)
	}})
	c := conn(t, db)
	first := <-dialed
	ctx, cancel := context.WithCancel(limit(t))
	done := make(chan error, 1)
	go func() {
		_, err := c.ExecContext(ctx, "SELECT pg_sleep(30)")
		done <- err
	}()
	awaitSleeper(t, s)
	cancel()
	check(t, <-done, registry.KindCanceled, "")
	if second := <-dialed; second != first {
		t.Errorf("the cancel request went to %s, want %s", second, first)
	}
}

// C1: what the server does within a second of a context's end. A statement that went on would take two minutes.
func TestCanceledStatementsAreStoppedOnTheServer(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	run(t, s, "CREATE TABLE counted (n int)", "INSERT INTO counted VALUES (0)")
	socket, encrypted := s.Config(), s.Config()
	socket.Host, encrypted.TLS = s.Socket, s.TLS()
	witness := pool(t, s.Config(), registry.Env{})
	count := func(query string) (n int) {
		if err := witness.QueryRowContext(limit(t), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const slow = "UPDATE counted SET n = n + 1 WHERE pg_sleep(120) IS NOT NULL"
	running := func() int { return count("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") }
	direct := func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, slow)
		return err
	}
	for name, c := range map[string]struct {
		cfg registry.Config
		run func(context.Context, *sql.DB) error
	}{
		"TCP":    {s.Config(), direct},
		"TLS":    {encrypted, direct},
		"socket": {socket, direct},
		"transaction": {s.Config(), func(ctx context.Context, db *sql.DB) error {
			tx, err := db.BeginTx(limit(t), nil)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, slow)
			_ = tx.Rollback() // the connection is gone
			return err
		}},
		"rows": {s.Config(), func(ctx context.Context, db *sql.DB) error {
			rows, err := db.QueryContext(ctx, "SELECT pg_sleep(n * 120) FROM generate_series(0, 9) n")
			if err == nil {
				for rows.Next() {
				}
				err = errors.Join(rows.Err(), rows.Close())
			}
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			db := pool(t, c.cfg, registry.Env{})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- c.run(ctx, db) }()
			for running() == 0 {
			}
			cancel()
			start := time.Now()
			check(t, <-done, registry.KindCanceled, "")
			for running() > 0 {
				if time.Since(start) > time.Minute {
					t.Fatal("the statement goes on")
				}
			}
			t.Logf("over on the server after %v", time.Since(start))
			if n := count("SELECT n FROM counted"); n != 0 {
				t.Errorf("the statement has counted to %d", n)
			}
		})
	}
}

// B11.
func TestSerializableAtAStandby(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{Starting: true, Settings: map[string]string{"hot_standby": "on"}})
	for err := try(t, s.Config()); Driver().Diagnose(err).Kind == registry.KindStarting; {
		err = try(t, s.Config())
	}
	isolated := func(level string) registry.Config {
		cfg := s.Config()
		cfg.Session = map[string]string{"default_transaction_isolation": level}
		return cfg
	}
	check(t, try(t, isolated("serializable")), registry.KindConfig, "repeatable read")
	if err := try(t, isolated("repeatable read")); err != nil {
		t.Error(err)
	}
}

// E16 and B12, as the documentation has them.
func TestWhatTheDocumentationWarnsOf(t *testing.T) {
	s := testserver.Postgres(t)
	run(t, s, "DROP TABLE IF EXISTS altered", "CREATE TABLE altered (a int)")
	c := conn(t, pool(t, s.Config(), registry.Env{}))
	ask := func() error {
		rows, err := c.QueryContext(limit(t), "SELECT * FROM altered")
		if err == nil {
			err = errors.Join(rows.Err(), rows.Close())
		}
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	run(t, s, "ALTER TABLE altered ADD b int")
	if got, ok := errors.AsType[*pgconn.PgError](ask()); !ok || got.Code != "0A000" {
		t.Errorf("after DDL: %v", got)
	}
	if err := ask(); err != nil {
		t.Errorf("and then: %v", err)
	}

	early := time.Date(2026, 7, 1, 0, 30, 0, 0, time.FixedZone("", 2*60*60))
	var there, utc string
	err := c.QueryRowContext(limit(t), "SELECT $1::timestamp::text, $2::timestamp::text", early, early.UTC()).Scan(&there, &utc)
	if err != nil || there != "2026-07-01 00:30:00" || utc != "2026-06-30 22:30:00" {
		t.Errorf("got %s and %s, %v", there, utc, err)
	}
}

func TestErrorsKeepTheirTypes(t *testing.T) {
	s := testserver.Postgres(t)
	err := try(t, as(s, s.User, "not the password"))
	if server, ok := errors.AsType[*pgconn.PgError](err); !ok || server.Code != "28P01" {
		t.Errorf("%v is no *pgconn.PgError", err)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		t.Error("the error holds the config, with the password")
	}
}

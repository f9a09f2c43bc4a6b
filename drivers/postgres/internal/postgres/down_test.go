package postgres

import (
	"context"
	"os"
	"syscall"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestServerWithoutASlotLeft(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{Settings: map[string]string{
		"max_connections": "5", "superuser_reserved_connections": "2", "max_wal_senders": "0",
	}})
	run(t, s, "CREATE ROLE app LOGIN PASSWORD 'pw of app'")
	app := as(s, "app", "pw of app")
	hold := func(cfg registry.Config, n int) {
		db, ctx := pool(t, cfg, registry.Env{}), limit(t)
		for range n {
			c, err := db.Conn(ctx)
			for Driver().Diagnose(err).Kind == registry.KindTooMany { // a session that ended a moment ago is still counted
				c, err = db.Conn(ctx)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
		}
	}
	hold(app, 3)
	check(t, try(t, app), registry.KindTooMany, "slots for administrators")
	hold(s.Config(), 2)
	check(t, try(t, s.Config()), registry.KindTooMany, "raise max_connections")
}

func TestServerThatStartsAndStops(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{Starting: true})
	check(t, try(t, s.Config()), registry.KindStarting, "")

	s.Restart(t, testserver.Options{})
	db := pool(t, s.Config(), registry.Env{})
	last, err := db.Conn(limit(t))
	if err != nil {
		t.Fatal(err)
	}
	s.Signal(t, syscall.SIGTERM)
	var refused error
	for refused == nil { // the server needs a moment to notice
		refused = try(t, s.Config())
	}
	check(t, refused, registry.KindStarting, "shutting down")

	s.Signal(t, os.Interrupt)
	_, err = last.ExecContext(limit(t), "SELECT pg_sleep(30)")
	check(t, err, registry.KindLost, "administrator ended the connection")
	_ = last.Close()
	s.Stop(t)
	check(t, try(t, s.Config()), registry.KindUnreachable, "")
	cfg := s.Config()
	cfg.Host = s.Socket
	check(t, try(t, cfg), registry.KindUnreachable, "no socket at that path")
}

func TestServerThatCrashes(t *testing.T) {
	s := testserver.StartPostgres(t, testserver.Options{})
	db := pool(t, s.Config(), registry.Env{})
	victim, witness := conn(t, db), conn(t, db)
	var pid int
	if err := victim.QueryRowContext(limit(t), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := witness.ExecContext(limit(t), "SELECT pg_sleep(30)")
		done <- err
	}()
	awaitSleeper(t, s)
	backend, err := os.FindProcess(pid)
	if err == nil {
		err = backend.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
	check(t, <-done, registry.KindLost, "") // the reason came as a notice, before the end
	for err := try(t, s.Config()); err != nil; err = try(t, s.Config()) {
		if kind := Driver().Diagnose(err).Kind; !kind.Retryable() {
			t.Fatalf("kind of %q is %v while the server recovers", err, kind)
		}
	}
}

func TestWhatIsNotPostgres(t *testing.T) {
	port, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	at := func(l *testproxy.Listener) registry.Config {
		return registry.Config{Host: l.Host(), Port: l.Port(), User: "app", Password: registry.NewSecret("pw of app"), Database: "shop"}
	}
	encrypted := func(cfg registry.Config) registry.Config {
		cfg.TLS = &registry.TLS{SkipVerify: true}
		return cfg
	}
	for name, c := range map[string]struct {
		cfg  registry.Config
		kind registry.Kind
		says string
	}{
		"nothing":         {registry.Config{Host: "127.0.0.1", Port: port, User: "app"}, registry.KindUnreachable, ""},
		"no such name":    {registry.Config{Host: "db.invalid", User: "app"}, registry.KindUnreachable, "does not exist"},
		"no socket":       {registry.Config{Host: t.TempDir(), User: "app"}, registry.KindUnreachable, "no socket"},
		"hangs up":        {at(testproxy.Closing(t)), registry.KindLost, ""},
		"resets":          {at(testproxy.Resetting(t)), registry.KindLost, ""},
		"garbage":         {at(testproxy.Garbage(t)), registry.KindConfig, "check host and port"},
		"web server":      {at(testproxy.HTTP(t)), registry.KindConfig, "check host and port"},
		"hangs up, TLS":   {encrypted(at(testproxy.Closing(t))), registry.KindLost, ""},
		"garbage, TLS":    {encrypted(at(testproxy.Garbage(t))), registry.KindConfig, "check host and port"},
		"web server, TLS": {encrypted(at(testproxy.HTTP(t))), registry.KindConfig, "check host and port"},
	} {
		t.Run(name, func(t *testing.T) { check(t, try(t, c.cfg), c.kind, c.says) })
	}
	t.Run("silence", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50e6)
		defer cancel()
		c, err := Driver().Connector(at(testproxy.Silent(t)), registry.Env{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Connect(ctx)
		check(t, err, registry.KindTimeout, "")
	})
	t.Run("MySQL", func(t *testing.T) {
		s := testserver.MariaDB(t)
		check(t, try(t, registry.Config{Host: s.Host, Port: s.Port, User: "app"}), registry.KindConfig, "check host and port")
	})
}

// awaitSleeper returns when a session runs pg_sleep.
func awaitSleeper(t *testing.T, s *testserver.Server) (pid int) {
	db := pool(t, s.Config(), registry.Env{})
	for pid == 0 {
		err := db.QueryRowContext(limit(t), "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").Scan(&pid)
		if err != nil {
			t.Fatal(err)
		}
	}
	return pid
}

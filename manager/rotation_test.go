package manager_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testsecret"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
)

// rotation is how a server is told of a user and of its new password.
type rotation struct {
	server                 *testserver.Server
	create, change, remove string
}

func TestThePasswordChangesUnderLoadPostgres(t *testing.T) {
	rotate(t, rotation{
		testserver.Postgres(t),
		"CREATE ROLE rotating LOGIN PASSWORD '%s'", "ALTER ROLE rotating PASSWORD '%s'", "DROP ROLE rotating",
	})
}

func TestThePasswordChangesUnderLoadMariaDB(t *testing.T) {
	server := testserver.MariaDB(t)
	rotate(t, rotation{
		server,
		"CREATE USER rotating@'%%' IDENTIFIED BY '%s'", "ALTER USER rotating@'%%' IDENTIFIED BY '%s'", "DROP USER rotating@'%'",
	})
}

func rotate(t *testing.T, r rotation) {
	const grace = 2 * time.Second
	before, after := rand.Text(), rand.Text()
	var secrets testsecret.Watch
	see := func(v any) {
		t.Helper()
		if where := secrets.See(v); where != "" {
			t.Errorf("a password is in a %T, at %s", v, where)
		}
	}
	bus := observer.New()
	observer.On(bus, func(e observer.Event) { see(e) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	secrets.Hide(r.server.Config())
	admin, err := conn.Open(ctx, r.server.Config(), conn.WithObserver(bus))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	run := func(statement string) {
		t.Helper()
		if _, err := admin.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	run(fmt.Sprintf(r.create, before))
	defer func() { run(r.remove) }()
	config := func(password string) conn.Config {
		secrets.Add(password)
		cfg := r.server.Config()
		cfg.User, cfg.Password, cfg.Pool = "rotating", conn.NewSecret(password), conn.Pool{Min: 4, Max: 4}
		if cfg.Dialect == "mysql" {
			cfg.Database = "" // the user has no rights
		}
		return cfg
	}
	var current atomic.Pointer[conn.Config]
	set := func(cfg conn.Config) { current.Store(&cfg) }
	set(config(before))
	m := manager.New(manager.WithObserver(bus), manager.WithGrace(grace), manager.WithConfigs(map[string]conn.Config{"app": *current.Load()}))
	defer func() {
		if err := m.CloseAll(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	kept, err := m.Named(ctx, "app")
	if err != nil {
		t.Fatal(err)
	}
	lease, err := m.AcquireNamed(ctx, "app")
	if err != nil {
		t.Fatal(err)
	}

	var queries atomic.Int64
	query := func(c *conn.Conn, how string) {
		var answer int
		if err := c.QueryRowContext(ctx, "SELECT 1").Scan(&answer); err != nil {
			see(err)
			t.Errorf("%s: %v", how, err)
		}
		queries.Add(1)
	}
	// Each gets a connection, uses it and lets it go.
	ways := map[string]func() error{
		"Named": func() error {
			c, err := m.Named(ctx, "app")
			if err == nil {
				query(c, "Named")
			}
			return err
		},
		"Get": func() error {
			c, err := m.Get(ctx, "app", *current.Load())
			if err == nil {
				query(c, "Get")
			}
			return err
		},
		"AcquireNamed": func() error {
			l, err := m.AcquireNamed(ctx, "app")
			if err == nil {
				defer l.Release()
				query(l.Conn(), "AcquireNamed")
				query(l.Conn(), "AcquireNamed")
			}
			return err
		},
		"Acquire": func() error {
			l, err := m.Acquire(ctx, "app", *current.Load())
			if err == nil {
				defer l.Release()
				query(l.Conn(), "Acquire")
				query(l.Conn(), "Acquire")
			}
			return err
		},
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for how, use := range ways {
		for range 3 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					err := use()
					if err == nil {
						continue
					}
					see(err)
					// A caller who gives the config itself may have read it before it changed, and is told.
					var mismatch *manager.MismatchError
					if !errors.As(err, &mismatch) {
						t.Errorf("%s: %v", how, err)
						return
					}
				}
			})
		}
	}
	atLeast := func(n int64) {
		for end := queries.Load() + n; queries.Load() < end && ctx.Err() == nil && !t.Failed(); {
			query(kept, "a kept handle")
		}
	}

	atLeast(2000)
	run(fmt.Sprintf(r.change, after))
	atLeast(500)
	if err := m.Replace(ctx, "app", config(after)); err != nil {
		see(err)
		t.Error(err)
	}
	replaced := time.Now()
	set(config(after))
	atLeast(2000)
	for time.Since(replaced) < grace+time.Second/4 && !t.Failed() {
		query(lease.Conn(), "a lease from before")
	}
	lease.Release()
	for err = kept.PingContext(ctx); err == nil; err = kept.PingContext(ctx) {
	}
	if err.Error() != "sql: database is closed" {
		t.Errorf("the kept handle ended with %v", err)
	}
	close(stop)
	wg.Wait()
	refused := conn.Test(ctx, config(before), conn.WithObserver(bus))
	if see(refused); conn.KindOf(refused) != conn.KindAuth {
		t.Errorf("the old password: %v", refused)
	}
	if n := secrets.Seen(); n < 4 { // two are opened, one is replaced, and one is refused
		t.Errorf("only %d values were searched", n)
	}
	t.Logf("%d queries", queries.Load())
}

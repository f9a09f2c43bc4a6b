//go:build alldrivers || (postgres && mysql)

package manager_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/mysql"
	_ "github.com/patchbay-go/patchbay/drivers/postgres"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/manager"
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	admin, err := conn.Open(ctx, r.server.Config())
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
	run(fmt.Sprintf(r.create, "before"))
	defer func() { run(r.remove) }()
	config := func(password string) conn.Config {
		cfg := r.server.Config()
		cfg.User, cfg.Password, cfg.Pool = "rotating", conn.NewSecret(password), conn.Pool{Min: 4, Max: 4}
		if cfg.Dialect == "mysql" {
			cfg.Database = "" // the user has no rights
		}
		return cfg
	}
	var current atomic.Pointer[conn.Config]
	set := func(cfg conn.Config) { current.Store(&cfg) }
	set(config("before"))
	m := manager.New(manager.WithGrace(grace), manager.WithConfigs(map[string]conn.Config{"app": *current.Load()}))
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
					// Whoever gives the config itself may have read it before it changed, and is told.
					var mismatch *manager.MismatchError
					if err := use(); err != nil && !errors.As(err, &mismatch) {
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
	run(fmt.Sprintf(r.change, "after"))
	atLeast(500)
	if err := m.Replace(ctx, "app", config("after")); err != nil {
		t.Error(err)
	}
	replaced := time.Now()
	set(config("after"))
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
	if err := conn.Test(ctx, config("before")); conn.KindOf(err) != conn.KindAuth {
		t.Errorf("the old password: %v", err)
	}
	t.Logf("%d queries", queries.Load())
}

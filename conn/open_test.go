package conn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

func TestOpen(t *testing.T) {
	f := newFake()
	c, r, err := openFake(t, f, conn.Config{Dialect: "sham"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Name() != "orders" || c.Dialect() != "fake" || c.Info().Port != 99 {
		t.Errorf("%s, %s, %+v", c.Name(), c.Dialect(), c.Info())
	}
	if kind := c.Diagnose(fmt.Errorf("query: %w", errLost)).Kind; kind != conn.KindLost {
		t.Errorf("Kind is %v", kind)
	}
	if most := c.Stats().MaxOpenConnections; most != 10 {
		t.Errorf("at most %d connections", most)
	}
	var n int
	if err := c.QueryRow("SELECT 1").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if err := errors.Join(c.Close(), c.Close(), c.DB.Close()); err != nil {
		t.Error(err)
	}
	if want := []string{"connection:open", "connection:close"}; !slices.Equal(r.names(), want) {
		t.Errorf("events %v, want %v", r.names(), want)
	}
	if len(f.conns()) != 0 || f.closed != 1 {
		t.Errorf("%d connections are left, the connector was closed %d times", len(f.conns()), f.closed)
	}
	if err := c.Ping(); err == nil || err.Error() != "sql: database is closed" {
		t.Errorf("a closed handle says %v", err)
	}
}

func TestPoolLimits(t *testing.T) {
	for _, c := range []struct{ max, open int }{{0, 10}, {3, 3}, {-1, 0}} {
		db, _, err := openFake(t, newFake(), conn.Config{Pool: conn.Pool{Max: c.max}})
		if err != nil {
			t.Fatal(err)
		}
		if most := db.Stats().MaxOpenConnections; most != c.open {
			t.Errorf("Max %d allows %d connections, want %d", c.max, most, c.open)
		}
		// All that were in use at the same time stay.
		var held []*sql.Conn
		for range 3 {
			one, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, one)
		}
		for _, one := range held {
			if err := one.Close(); err != nil {
				t.Error(err)
			}
		}
		if idle := db.Stats().Idle; idle != 3 {
			t.Errorf("with Max %d, %d of 3 connections stay idle", c.max, idle)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestClosingTheEmbeddedDBIsClosing(t *testing.T) {
	f := newFake()
	c, r, err := openFake(t, f, conn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.DB.Close(), c.Close()); err != nil {
		t.Error(err)
	}
	if got := r.names(); len(got) != 2 || got[1] != "connection:close" || f.closed != 1 {
		t.Errorf("events %v, the connector was closed %d times", got, f.closed)
	}
}

func TestClosingFromManySidesIsToldOnce(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) { // because Abort does not wait long
			c, r, err := openFake(t, newFake(), conn.Config{})
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for _, end := range []func() error{c.Close, c.DB.Close, c.Close, func() error { return c.Abort(nil) }} {
				wg.Go(func() {
					if err := end(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got := r.names(); len(got) != 2 {
				t.Fatalf("events %v", got)
			}
		})
	}
}

func TestAFailureToCloseIsAnErrorEvent(t *testing.T) {
	broken := errors.New("the pinned connection is broken")
	for name, end := range map[string]func(*conn.Conn) error{
		"Close":    func(c *conn.Conn) error { return c.Close() },
		"DB.Close": func(c *conn.Conn) error { return c.DB.Close() },
		"Abort":    func(c *conn.Conn) error { return c.Abort(nil) },
	} {
		f := newFake()
		f.closing = broken
		c, r, err := openFake(t, f, conn.Config{})
		if err != nil {
			t.Fatal(err)
		}
		err = end(c)
		if _, told := errors.AsType[*conn.Error](err); !errors.Is(err, broken) || told != (name != "DB.Close") {
			t.Errorf("%s: %v", name, err)
		}
		failed := of[observer.Error](r)
		if len(failed) != 1 || failed[0].Source != "connection" || !errors.Is(failed[0].Err, broken) || len(of[conn.Closed](r)) != 0 {
			t.Errorf("%s: %v, %+v", name, r.names(), failed)
		}
	}
}

// slow is a connector that takes its time to close, and fails to.
type slow struct {
	driver.Connector
	closed chan error
}

func (s slow) Close() error { return <-s.closed }

func TestASecondCloseLeavesTheReportToTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		closed := make(chan error)
		c, r, err := openFake(t, f, conn.Config{}, conn.WithConnector(func(inner driver.Connector) driver.Connector { return slow{inner, closed} }))
		if err != nil {
			t.Fatal(err)
		}
		first := make(chan error, 1)
		go func() { first <- c.Close() }()
		synctest.Wait()
		if err := c.Close(); err != nil || len(r.names()) != 1 {
			t.Errorf("the second: %v, %v", err, r.names())
		}
		closed <- errLost
		if err := <-first; !errors.Is(err, errLost) || len(of[observer.Error](r)) != 1 || len(of[conn.Closed](r)) != 0 {
			t.Errorf("the first: %v, %v", err, r.names())
		}
	})
}

// hiding is a wrapper that, like many, has only the two methods that it must have.
type hiding struct{ inner driver.Connector }

func (h hiding) Connect(ctx context.Context) (driver.Conn, error) { return h.inner.Connect(ctx) }
func (h hiding) Driver() driver.Driver                            { return h.inner.Driver() }

func TestWithConnector(t *testing.T) {
	f := newFake()
	var order []string
	wrap := func(name string) conn.Option {
		return conn.WithConnector(func(inner driver.Connector) driver.Connector {
			order = append(order, name)
			return hiding{inner}
		})
	}
	c, _, err := openFake(t, f, conn.Config{}, wrap("first"), wrap("second"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil || f.closed != 1 || !slices.Equal(order, []string{"first", "second"}) {
		t.Errorf("%v; the driver's connector was closed %d times, wrapped by %v", err, f.closed, order)
	}
}

func TestTest(t *testing.T) {
	f := newFake()
	r := record(t)
	opts := []conn.Option{conn.WithRegistry(f.registry), conn.WithObserver(r.bus)}
	if err := conn.Test(t.Context(), conn.Config{Dialect: "fake", Pool: conn.Pool{Min: 5}}, opts...); err != nil {
		t.Fatal(err)
	}
	if opened := of[conn.Opened](r); len(opened) != 1 || opened[0].Name != "__test__" || len(of[conn.Closed](r)) != 1 || f.dials() != 1 {
		t.Errorf("%v, %d dials", r.names(), f.dials())
	}
	f.connect = always(errAuth)
	if err := conn.Test(t.Context(), once(conn.Config{Dialect: "fake"}), opts...); conn.KindOf(err) != conn.KindAuth {
		t.Error(err)
	}
	f.connect, f.closing = nil, errLost
	if err := conn.Test(t.Context(), once(conn.Config{Dialect: "fake"}), opts...); !strings.HasPrefix(fmt.Sprint(err), "fake localhost:99: lost") {
		t.Errorf("a connection that cannot be closed: %v", err)
	}
	if len(f.conns()) != 0 || f.closed != 3 {
		t.Errorf("%d connections are left, connectors were closed %d times", len(f.conns()), f.closed)
	}
}

func TestOpenURL(t *testing.T) {
	f := newFake()
	r := record(t)
	opts := []conn.Option{conn.WithRegistry(f.registry), conn.WithObserver(r.bus)}
	c, err := conn.OpenURL(t.Context(), "fake://u:hunter2@h/d?pool.max=3", opts...)
	if err != nil {
		t.Fatal(err)
	}
	if c.Stats().MaxOpenConnections != 3 {
		t.Errorf("%+v", c.Stats())
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	_, err = conn.OpenURL(t.Context(), "fake://u:hunter/2@h/d", opts...)
	if conn.KindOf(err) != conn.KindConfig || strings.Contains(err.Error(), "hunter") || len(of[conn.Failed](r)) != 1 {
		t.Errorf("%v, %v", err, r.names())
	}
}

func TestErrorTellsWhatWasTriedWhyItFailedAndWhatToDo(t *testing.T) {
	f := newFake()
	f.connect = always(errRefused)
	cfg := conn.Config{Host: "db", User: "app", Password: conn.NewSecret("hunter2"), Database: "shop"}
	_, _, err := openFake(t, f, retrying(cfg, conn.Retry{Max: 1, Delay: -1}))
	const want = `connection "orders" (fake app@db:99/shop): refused (unreachable, 2 attempts); ` +
		`check that the database server is running, and host and port`
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	text, jsonErr := json.Marshal(map[string]any{"error": err})
	if jsonErr != nil || !strings.HasPrefix(string(text), `{"error":"connection \"orders\" (fake app@db:99/shop): refused`) {
		t.Errorf("as JSON: %s, %v", text, jsonErr)
	}
}

func TestWhatADriverIsAskedForAndTold(t *testing.T) {
	f := newFake()
	var env registry.Env
	f.change = func(cfg *registry.Config, e registry.Env) {
		env = e
		if cfg.TLS != nil {
			cfg.TLS.ServerName = "changed"
		}
	}
	cfg := conn.Config{Database: "shop", TLS: new(conn.TLS)}
	c, _, err := openFake(t, f, cfg, conn.ServerOnly())
	if err != nil {
		t.Fatal(err)
	}
	if !env.NoDatabase || env.NoCreate || env.Watch == nil || env.Dial != nil || env.Credentials != nil {
		t.Errorf("Open with ServerOnly lends the driver %+v", env)
	}
	if got := c.Config(); cfg.TLS.ServerName != "" || got.TLS.ServerName != "" || got.Database != "shop" {
		t.Errorf("the driver has changed the config of the caller to %v, or that of the Conn to %v", cfg, got)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := conn.Test(t.Context(), conn.Config{Dialect: "fake"}, conn.WithRegistry(f.registry)); err != nil || !env.NoCreate || env.NoDatabase {
		t.Errorf("Test lends the driver %+v, and ends in %v", env, err)
	}

	f.connect, f.hint = always(errRefused), "plug it in"
	_, _, err = openFake(t, f, conn.Config{})
	var e *conn.Error
	if !errors.As(err, &e) || e.Hint != "plug it in" || e.Attempts != 1 {
		t.Errorf("%+v", err)
	}
}

func TestWithoutANameTheErrorHasNone(t *testing.T) {
	f := newFake()
	f.connect = always(errAuth)
	cfg := conn.Config{Dialect: "fake", Host: "db", User: "app"}
	for want, open := range map[string]func() error{
		"fake app@db:99: wrong password; verify user and password": func() error {
			_, err := conn.Open(t.Context(), cfg, conn.WithRegistry(f.registry))
			return err
		},
		"fake app@db:99: wrong password; verify user and password ": func() error {
			return fmt.Errorf("%w ", conn.Test(t.Context(), cfg, conn.WithRegistry(f.registry)))
		},
		"config: url has no // after the dialect: write postgres://host/database": func() error {
			_, err := conn.OpenURL(t.Context(), "postgres:host")
			return err
		},
	} {
		if err := open(); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

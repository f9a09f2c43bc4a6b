package conn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testuser"
)

func withReaders(cfg, readers conn.Config) conn.Config {
	cfg.Readers = &readers
	return cfg
}

func file(t testing.TB) conn.Config {
	return conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "shop.db")}
}

// Sixteen writers and as many readers, among them one that keeps a transaction open: none meets SQLITE_BUSY, though none
// waits for a lock, and none has to wait for that one.
func TestReadersOfAFileAndItsWriterDoNotMeet(t *testing.T) {
	cfg := file(t)
	cfg.Params = map[string]string{"busy_timeout": "0"}
	c, _ := opens(t, withReaders(cfg, conn.Config{}))
	reader := c.Reader()
	if reader == c {
		t.Fatal("there is no pool for reading")
	}
	if n, m := c.Stats().MaxOpenConnections, reader.Stats().MaxOpenConnections; n != 1 || m != min(4, runtime.GOMAXPROCS(0)) {
		t.Errorf("%d connections for writing and %d for reading", n, m)
	}
	ctx := limit(t)
	if _, err := c.ExecContext(ctx, "CREATE TABLE sales (n)"); err != nil {
		t.Fatal(err)
	}
	tx, err := reader.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	count := func(ask interface {
		QueryRowContext(context.Context, string, ...any) *sql.Row
	},
	) (n int, err error) {
		return n, ask.QueryRowContext(ctx, "SELECT count(*) FROM sales").Scan(&n)
	}
	if n, err := count(tx); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	const each, times = 16, 20
	var wg sync.WaitGroup
	for range each {
		wg.Go(func() {
			for range times {
				if _, err := c.ExecContext(ctx, "INSERT INTO sales VALUES (1)"); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			last := 0
			for range times {
				n, err := count(reader)
				if err != nil || n < last {
					t.Error(n, last, err)
				}
				last = n
			}
		})
	}
	wg.Wait()
	if n, err := count(tx); n != 0 || err != nil {
		t.Error("the transaction that is older sees", n, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if n, err := count(reader); n != each*times || err != nil {
		t.Error(n, err)
	}
	_, err = reader.ExecContext(ctx, "INSERT INTO sales VALUES (1)")
	if conn.KindOf(err) != conn.KindReadOnly {
		t.Error("writing by a reader:", err)
	}
}

// A database in memory and a file with another journal stay with one pool, with the limits of the config.
func TestDatabasesWithOnePool(t *testing.T) {
	journal, readOnly := file(t), file(t)
	journal.Params = map[string]string{"journal_mode": "delete"}
	opens(t, readOnly) // makes the file
	readOnly.Params = map[string]string{"mode": "ro"}
	for name, cfg := range map[string]conn.Config{
		"memory": {Dialect: "sqlite", Filename: ":memory:"}, "journal": journal, "read-only": readOnly,
		"dsn": {Dialect: "sqlite", DSN: conn.NewSecret("file:" + filepath.ToSlash(filepath.Join(t.TempDir(), "a.db")))},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Pool.Max = 7
			c, _ := opens(t, withReaders(cfg, conn.Config{Pool: conn.Pool{Max: 3}}))
			if c.Reader() != c || c.Stats().MaxOpenConnections != 7 {
				t.Errorf("%d connections", c.Stats().MaxOpenConnections)
			}
			works(t, c.Reader())
		})
	}
	c, _ := opens(t, file(t))
	if c.Reader() != c {
		t.Error("without Readers there is another pool")
	}
}

// Whatever closes a Conn closes the pool for reading with it, and each tells so once.
func TestAReaderIsClosedWithItsConn(t *testing.T) {
	for name, end := range map[string]func(*conn.Conn) error{
		"Close":    (*conn.Conn).Close,
		"DB.Close": func(c *conn.Conn) error { return c.DB.Close() },
		"DB.Close after Trim": func(c *conn.Conn) error {
			c.Trim()
			return c.DB.Close()
		},
		"Shutdown": func(c *conn.Conn) error { return c.Shutdown(limit(t)) },
		"Abort":    func(c *conn.Conn) error { return c.Abort(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			c, r := opens(t, withReaders(file(t), conn.Config{}), conn.WithName("shop"))
			works(t, c.Reader())
			var wg sync.WaitGroup
			for range 3 { // at once
				wg.Go(func() {
					if err := end(c); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if err := c.Reader().Ping(); err == nil || !strings.Contains(err.Error(), "database is closed") {
				t.Error("the pool for reading:", err)
			}
			var opened, closed []string
			for _, e := range of[conn.Opened](r) {
				opened = append(opened, e.Name)
			}
			for _, e := range of[conn.Closed](r) {
				closed = append(closed, e.Name)
			}
			slices.Sort(closed)
			if fmt.Sprint(opened) != "[shop shop/reader]" || fmt.Sprint(closed) != "[shop shop/reader]" {
				t.Errorf("opened %v, closed %v", opened, closed)
			}
		})
	}
}

// A shutdown waits for what is read as well.
func TestShutdownWaitsForReaders(t *testing.T) {
	c, _ := opens(t, withReaders(file(t), conn.Config{}))
	rows, err := c.Reader().QueryContext(limit(t), "SELECT 1 UNION ALL SELECT 2")
	if err != nil {
		t.Fatal(err)
	}
	var read atomic.Bool
	done := make(chan error)
	go func() {
		err := c.Shutdown(limit(t))
		if !read.Load() {
			t.Error("the shutdown did not wait")
		}
		done <- err
	}()
	await(t, "the shutdown begins", func() bool { return c.Ping() != nil })
	read.Store(true) // reading the last row gives the connection back
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil || n != 2 {
		t.Error(n, err)
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// The pool for reading has a login and limits of its own, and the rest from the config.
func TestReadersWithALoginOfTheirOwn(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		u, other := testuser.New(t, servers[dialect](t)), testuser.New(t, servers[dialect](t))
		cfg, readers := u.Config(), conn.Config{}
		readers.User, readers.Password, readers.Database = other.Config().User, other.Config().Password, other.Config().Database
		readers.Pool = conn.Pool{Max: 2}
		cfg.Pool, cfg.AppName = conn.Pool{Max: 5}, "shop"
		c, _ := opens(t, withReaders(cfg, readers))
		works(t, c.Reader())
		if got := c.Reader().Config(); got.User != readers.User || got.AppName != "shop" || got.Role != conn.RolePreferReader || !got.Lazy {
			t.Errorf("the config of the readers: %v", got)
		}
		if n, m := c.Stats().MaxOpenConnections, c.Reader().Stats().MaxOpenConnections; n != 5 || m != 2 {
			t.Errorf("%d connections, and %d for reading", n, m)
		}
		if n := other.Sessions(); n != 1 {
			t.Errorf("%d sessions of the readers", n)
		}
	})
}

// Nothing is opened for a database whose readers have a mistake in their config.
func TestAMistakeInReaders(t *testing.T) {
	for want, readers := range map[string]conn.Config{
		"params.journal": {Params: map[string]string{"journal": "wal"}},
		"cache":          {DSN: conn.NewSecret("file:shop.db?cache=shared")},
		"readers.port":   {Port: -1},
	} {
		cfg := file(t)
		c, _, err := trial(t.Context(), t, withReaders(cfg, readers))
		if err == nil {
			c.Close()
		}
		if conn.KindOf(err) != conn.KindConfig || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// closing is a connector that counts how often one is made and closed.
type closing struct {
	driver.Connector
	open *atomic.Int32
}

func (c *closing) Close() error {
	c.open.Add(-1)
	return nil
}

// Where a database with readers does not open, what options put around the connectors of both pools is closed.
func TestAFailedOpeningClosesTheConnectorsOfBothPools(t *testing.T) {
	for name, readers := range map[string]conn.Config{
		"refused":              {},
		"a mistake in Readers": {Credentials: conn.Credentials{Provider: "nobody"}},
	} {
		db := newCluster()
		db.set("a", failing(errAuth))
		var open atomic.Int32
		_, err := conn.Open(t.Context(), withReaders(db.config("a"), readers), conn.WithRegistry(db.registry), conn.WithObserver(nil),
			conn.WithConnector(func(inner driver.Connector) driver.Connector {
				open.Add(1)
				return &closing{inner, &open}
			}))
		if err == nil || open.Load() != 0 {
			t.Errorf("%s: %d connectors are left: %v", name, open.Load(), err)
		}
	}
}

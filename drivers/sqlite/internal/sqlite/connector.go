package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sethvargo/go-retry"

	"github.com/patchbay-go/patchbay/registry"
)

// connector opens connections to one file.
type connector struct {
	base driver.Connector // that of modernc.org/sqlite, for the URI of the file
	path string           // empty for a database in memory
	set  *settings
}

func (c *connector) Driver() driver.Driver { return c.base.Driver() }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.refuseSpecial(); err != nil {
		return nil, err
	}
	conn, err := c.base.Connect(ctx)
	if err != nil {
		return nil, c.explain(err)
	}
	if err := c.set.apply(ctx, conn); err != nil {
		_ = conn.Close() // what has failed before is what matters
		return nil, c.explain(err)
	}
	return conn, nil
}

// apply runs the PRAGMA statements. They are not parameters of the URI, because those wait for the locks of other connections and
// do not heed the context. Here no statement waits, because busy_timeout comes last, and SQLite answers with SQLITE_BUSY at once
// until then; what waits is retry.Do. https://www.sqlite.org/c3ref/busy_timeout.html
func (set *settings) apply(ctx context.Context, conn driver.Conn) error {
	script := set.writable
	if set.readable.text != script.text || len(set.readable.asked) != len(script.asked) {
		readOnly, err := conn.(interface{ IsReadOnly(string) (bool, error) }).IsReadOnly("main")
		if err != nil {
			return err
		}
		if readOnly {
			script = set.readable
		}
	}
	script.last += set.patience()
	delays := retry.WithCappedDuration(100*time.Millisecond, retry.NewExponential(time.Millisecond))
	delays = retry.WithJitterPercent(50, delays) // or those that switch a file to the write-ahead log together would meet again
	err := retry.Do(ctx, retry.WithMaxDuration(set.busy, delays), func(context.Context) error {
		err := script.run(conn)
		if isBusy(err) {
			return retry.RetryableError(err)
		}
		return err
	})
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) { // between two attempts
		return ctx.Err()
	}
	return err
}

// patience is the statement for busy_timeout.
func (set *settings) patience() string {
	return fmt.Sprintf("pragma busy_timeout=%d;", set.busy.Milliseconds())
}

// run runs the statements, without a context, for which the driver would start a goroutine with each. None takes long, but for a
// journal_mode that ends the write-ahead log, which is copied into the file then.
func (s script) run(conn driver.Conn) error {
	// By themselves: those that answer keep a transaction open until they are closed, in which no journal_mode is set.
	if err := executeAll(conn, s.text); err != nil {
		return err
	}
	for _, a := range s.asked {
		if err := a.get(conn); err != nil {
			return err
		}
	}
	return executeAll(conn, s.last)
}

func executeAll(conn driver.Conn, statements string) error {
	if statements == "" {
		return nil
	}
	_, err := conn.(driver.ExecerContext).ExecContext(context.Background(), statements, nil)
	return err
}

// get runs the statement, and fails unless SQLite has done it.
func (a answer) get(conn driver.Conn) (err error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(context.Background(), a.statement, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	got := make([]driver.Value, 1)
	if err := rows.Next(got); err != nil {
		return err
	}
	if is := fmt.Sprint(got[0]); is != a.want {
		return &registry.ConfigError{
			Field: a.field, Problem: fmt.Sprintf("is %s, which SQLite cannot do for this file: it keeps %s", a.want, is),
			Cure: fmt.Sprintf("set %s=%s, or move the file to another file system", a.field, is),
		}
	}
	return nil
}

func isBusy(err error) bool {
	code, _, ok := codeOf(err)
	return ok && code&primary == busy
}

// memoryConnector opens connections to one database in memory. SQLite drops it with its last connection, so
// the connector holds one that no pool can expire.
type memoryConnector struct {
	connector
	mu     sync.Mutex
	keeper driver.Conn
	closed bool
}

var errClosed = errors.New("the connector is closed; its in-memory database is gone")

func (c *memoryConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.keep(ctx); err != nil {
		return nil, err
	}
	return c.connector.Connect(ctx)
}

func (c *memoryConnector) keep(ctx context.Context) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed
	}
	if c.keeper == nil {
		c.keeper, err = c.base.Connect(ctx)
	}
	return err
}

// Close lets go of the database. Connections that are still open keep it until they are closed.
func (c *memoryConnector) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	keeper := c.keeper
	c.keeper, c.closed = nil, true
	if keeper == nil {
		return nil
	}
	return keeper.Close()
}

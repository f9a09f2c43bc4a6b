package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/internal/errtree"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// connector stands between database/sql and the connector of a driver: it bounds every physical connection in
// time and learns of the end of the pool. What it hands out is the driver's own connection.
type connector struct {
	lifetime
	base    driver.Connector // the driver's own
	inner   driver.Connector // the same, or what WithConnector put around it
	wrapped bool
	timeout time.Duration // 0: none
	sockets *sockets
	name    string
	target  string
	driver  registry.Driver
	dialect string
	bus     *observer.Bus
	keeper  *keeper // nil if the pool has no Min
}

// Driver is that of the wrapped connector.
func (c *connector) Driver() driver.Driver { return c.inner.Driver() }

// Connect opens one physical connection. database/sql calls it for waiting callers with a context that never
// ends (https://go.dev/issue/38185), so the timeout is kept here.
func (c *connector) Connect(ctx context.Context) (dc driver.Conn, err error) {
	g, connected := new(guard), false
	err = c.within(ctx, time.Now(), g, func(ctx context.Context) error {
		var err error
		dc, err = c.inner.Connect(context.WithValue(ctx, guardKey{}, g))
		connected = err == nil
		return err
	})
	if err == nil {
		if dialed, ok := ctx.Value(dialedKey{}).(*atomic.Int32); ok {
			dialed.Add(1)
		}
		return dc, nil
	}
	if connected {
		// It came too late and is given up: that it also fails to close adds nothing.
		_ = dc.Close()
	}
	return nil, err
}

// within calls f with a context that ends when the connect timeout, which began at start, is over. Not every
// driver heeds a context in all that it does, so when it ends, the open network connections are made to fail
// underneath the driver. The error then says why.
func (c *connector) within(ctx context.Context, start time.Time, open expirer, f func(context.Context) error) error {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, start.Add(c.timeout), &timeoutError{after: c.timeout})
		defer cancel()
	}
	stop := context.AfterFunc(ctx, open.expire)
	err := f(ctx)
	// A driver can hear of the end of the context before AfterFunc does.
	if stop() && (err == nil || ctx.Err() == nil) {
		return err
	}
	// The context ended, so that the network connection is, or is about to be, useless.
	cause := context.Cause(ctx)
	if timeout, ok := cause.(*timeoutError); ok {
		return &timeoutError{timeout.after, err}
	}
	switch {
	case err == nil:
		return cause
	case errors.Is(err, cause):
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// ask tests a connection that it took since start to open. A ping is not enough: a server may answer one although
// the password has expired. And a server that lets one in may fall silent then.
func (c *connector) ask(ctx context.Context, start time.Time, first *sql.Conn) error {
	err := c.within(ctx, start, c.sockets, func(ctx context.Context) error { return c.query(ctx, first) })
	if err != nil {
		retire(first) // the next attempt is not to get it again
	}
	return err
}

// query is the test of a connection.
func (c *connector) query(ctx context.Context, one *sql.Conn) error {
	query := "SELECT 1"
	if t, ok := c.driver.(registry.TestQuerier); ok {
		query = t.TestQuery()
	}
	var answer any
	return one.QueryRowContext(ctx, query).Scan(&answer)
}

// retire closes a connection for good. Not every driver tells database/sql that one is dead.
// https://pkg.go.dev/database/sql#Conn.Raw
func retire(c *sql.Conn) { _ = c.Raw(func(any) error { return driver.ErrBadConn }) }

// Close is called by [database/sql.DB.Close], however that came to be called. It does not rely on a wrapper to
// pass the call on: many do not.
func (c *connector) Close() error {
	c.end()
	if c.keeper != nil {
		c.keeper.stop()
	}
	var err error
	if closer, ok := c.inner.(io.Closer); ok {
		err = closer.Close()
	}
	if closer, ok := c.base.(io.Closer); ok && c.wrapped {
		err = errtree.Join(err, closer.Close())
	}
	if !c.reporting.Load() {
		_ = c.closed(err) // the caller gets the error as it is, as from any *sql.DB
	}
	return err
}

// timeoutError says that a physical connection was not there, or not usable, within the config's connect timeout.
type timeoutError struct {
	after time.Duration
	err   error // what the driver said when it was given up; may be nil
}

func (e *timeoutError) Error() string {
	s := fmt.Sprintf("no connection within the connect timeout of %v", e.after)
	if e.err != nil {
		s += ": " + e.err.Error()
	}
	return s
}

func (e *timeoutError) Unwrap() error { return e.err }

// Timeout makes it a timeout for code that asks as [net.Error] does.
func (e *timeoutError) Timeout() bool { return true }

package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// connector stands between database/sql and the connector of a driver: it bounds every physical connection in
// time and learns of the end of the pool. What it hands out is the driver's own connection.
type connector struct {
	lifetime
	done    chan struct{}    // closed when Close is over
	base    driver.Connector // the driver's own
	inner   driver.Connector // the same, or what WithConnector put around it
	wrapped bool
	timeout time.Duration // 0: none
	name    string
	target  string
	driver  registry.Driver
	dialect string
	query   string // tests a connection
	bus     *observer.Bus
	keeper  *keeper // nil if the pool has no Min

	sockets netconn.Group // of the pool
	logins  sync.Map      // driver.Conn -> *netconn.Group, its own sockets
}

// Driver is that of the wrapped connector.
func (c *connector) Driver() driver.Driver { return c.inner.Driver() }

// loginKey is that of the *netconn.Group of a login in the context that Connect passes to the driver: the Env of a
// driver is that of the pool, and only the context tells the watch function for which of its connections a socket is.
type loginKey struct{}

// watch is the Watch of the driver's Env.
func (c *connector) watch(ctx context.Context, socket net.Conn) net.Conn {
	if login, ok := ctx.Value(loginKey{}).(*netconn.Group); ok {
		return netconn.Join(socket, login, &c.sockets)
	}
	return netconn.Join(socket, &c.sockets)
}

// warn is the Warn of the driver's Env. Its source is not that of a failure to close, which stands for the end of a pool.
func (c *connector) warn(err error) {
	observer.Emit(c.bus, observer.Error{Source: "driver", Err: c.explain(err, 0)})
}

// Connect opens one physical connection. database/sql calls it for waiting callers with a context that never
// ends (https://go.dev/issue/38185), so the timeout is kept here.
func (c *connector) Connect(ctx context.Context) (dc driver.Conn, err error) {
	login, connected := new(netconn.Group), false
	err = c.within(ctx, time.Now(), login, func(ctx context.Context) error {
		var err error
		dc, err = c.inner.Connect(context.WithValue(ctx, loginKey{}, login))
		connected = err == nil
		return err
	})
	if err == nil {
		if dialed, ok := ctx.Value(dialedKey{}).(*atomic.Int32); ok {
			dialed.Add(1)
		}
		c.remember(dc, login)
		return dc, nil
	}
	if connected {
		// It came too late and is given up: that it also fails to close adds nothing.
		_ = dc.Close()
	}
	return nil, err
}

// remember keeps the sockets of a connection until they are closed.
func (c *connector) remember(dc driver.Conn, login *netconn.Group) {
	if reflect.ValueOf(dc).Comparable() {
		c.logins.Store(dc, login)
		login.WhenEmpty(func() { c.logins.Delete(dc) })
	}
}

// socketsOf returns the sockets of a connection; none if it has none or is closed.
func (c *connector) socketsOf(one *sql.Conn) *netconn.Group {
	sockets := new(netconn.Group)
	_ = one.Raw(func(dc any) error { // it fails only for a connection that is closed
		if reflect.ValueOf(dc).Comparable() {
			if login, ok := c.logins.Load(dc); ok {
				sockets = login.(*netconn.Group)
			}
		}
		return nil
	})
	return sockets
}

// within calls f with a context that ends when the connect timeout, which began at start, is over. Not every
// driver heeds a context in all that it does, so when it ends, the sockets are made to fail underneath the driver. The
// error then says why.
func (c *connector) within(ctx context.Context, start time.Time, sockets *netconn.Group, f func(context.Context) error) error {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, start.Add(c.timeout), &timeoutError{after: c.timeout})
		defer cancel()
	}
	stop := context.AfterFunc(ctx, sockets.Expire)
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

// ask runs the test query on a connection whose dial began at start. A ping is not enough: a server may answer one
// although the password has expired. And a server that accepts a login may fall silent then.
func (c *connector) ask(ctx context.Context, start time.Time, one *sql.Conn) error {
	err := c.within(ctx, start, c.socketsOf(one), func(ctx context.Context) error { return c.try(ctx, one) })
	if err != nil {
		retire(one) // the next attempt is not to get it again
	}
	return err
}

// try is the test of a connection.
func (c *connector) try(ctx context.Context, one *sql.Conn) error {
	var answer any
	return one.QueryRowContext(ctx, c.query).Scan(&answer)
}

// retire closes a connection for good. Not every driver tells database/sql that one is dead.
// https://pkg.go.dev/database/sql#Conn.Raw
func retire(c *sql.Conn) { _ = c.Raw(func(any) error { return driver.ErrBadConn }) }

// Close is called by [database/sql.DB.Close], however that came to be called. It does not rely on a wrapper to
// pass the call on: many do not.
func (c *connector) Close() error {
	first := c.end()
	if c.keeper != nil {
		c.keeper.stop()
	}
	var err error
	if closer, ok := c.inner.(io.Closer); ok {
		err = closer.Close()
	}
	if closer, ok := c.base.(io.Closer); ok && c.wrapped {
		err = errors.Join(err, closer.Close())
	}
	close(c.done)
	if first { // it is not a method of Conn that closes the pool
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

package conn

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

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
// ends (https://go.dev/issue/38185), and not every driver heeds the context throughout the login, so the
// timeout is kept here: when it is over, the network connection fails underneath the driver.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, &timeoutError{after: c.timeout})
		defer cancel()
	}
	g := new(guard)
	stop := context.AfterFunc(ctx, g.expire)
	dc, err := c.inner.Connect(context.WithValue(ctx, guardKey{}, g))
	// A driver can hear of the end of the context before the guard does.
	if stop() && (err == nil || ctx.Err() == nil) {
		return dc, err
	}
	// The context ended, so that the network connection is, or is about to be, useless.
	if err == nil {
		// The connection is given up: that it also fails to close adds nothing.
		_ = dc.Close()
	}
	cause := context.Cause(ctx)
	if timeout, ok := errors.AsType[*timeoutError](cause); ok {
		return nil, &timeoutError{timeout.after, err}
	} else if err == nil || !errors.Is(err, cause) {
		return nil, joinCause(cause, err)
	}
	return nil, err
}

func joinCause(cause, err error) error {
	if err == nil {
		return cause
	}
	return fmt.Errorf("%w: %w", cause, err)
}

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
		err = errors.Join(err, closer.Close())
	}
	if !c.reporting.Load() {
		c.reportClosed(err)
	}
	return err
}

// timeoutError says that a physical connection was not there within the config's connect timeout.
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

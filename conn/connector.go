package conn

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
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
	db           *sql.DB // the pool, which calls this connector
	hosts        []*host // at least one
	order        registry.HostOrder
	role         Role        // that a server must have
	suspects     *suspects   // which may have another now; nil for RoleAny
	several      bool        // the config has Hosts
	onePool      bool        // there can be no other for reading
	closesReader atomic.Bool // by closeBoth
	limits       Pool
	*upkeep                    // nil for files
	wrapped      bool          // by WithConnector
	timeout      time.Duration // 0: none
	name         string
	target       string
	driver       registry.Driver
	dialect      string
	query        string // tests a connection
	args         []any  // of query
	bus          *observer.Bus
	keeper       *keeper                                    // nil if the pool has no Min
	session      []func(context.Context, driver.Conn) error // of WithSession

	health  health        // of the database, as the pool has seen it
	sockets netconn.Group // of the pool
	logins  logins
	adrift  atomic.Int32 // calls of inner.Connect that were given up and go on

	places sync.Mutex // guards what follows
	lost   int        // places in the pool that no connection has
	left   []*HangError
}

// Driver is that of the wrapped connector.
func (c *connector) Driver() driver.Driver { return c.hosts[0].inner.Driver() }

// loginKey is that of the *login in the context that Connect passes to the driver: the Env of a
// driver is that of the pool, and only the context tells the watch function for which of its connections a socket is.
type loginKey struct{}

// watch is the Watch of the driver's Env.
func (c *connector) watch(ctx context.Context, socket net.Conn) net.Conn {
	socket = netconn.WithDeadlines(socket)
	l, ok := ctx.Value(loginKey{}).(*login)
	if !ok {
		return netconn.Join(socket, &c.sockets)
	}
	socket = netconn.Join(socket, &l.Group, &c.sockets)
	if c.role != RoleAny {
		socket = &watched{netconn.Conn{Conn: socket}, l}
	}
	return socket
}

// dialKey is that of a function in the context of [sql.DB.Conn] that decides about a new connection.
type dialKey struct{}

var errNotIdle = errors.New("no connection is idle")

// withoutDialing returns a context to take an idle connection with, or none.
func withoutDialing(ctx context.Context) context.Context {
	return context.WithValue(ctx, dialKey{}, func() error { return errNotIdle })
}

// mostAdrift is how many attempts to connect may go on that a driver was to give up, before no other one is made.
const mostAdrift = 16

// warn is the Warn of the driver's Env. Its source is not that of a failure to close, which stands for the end of a pool.
func (c *connector) warn(err error) {
	observer.Emit(c.bus, observer.Error{Source: "driver", Err: c.explain(err, 0)})
}

// Connect opens one physical connection. database/sql calls it for waiting callers with a context that never
// ends (https://go.dev/issue/38185), so the timeout is kept here.
func (c *connector) Connect(ctx context.Context) (dc driver.Conn, err error) {
	if decide, ok := ctx.Value(dialKey{}).(func() error); ok {
		if err := decide(); err != nil {
			return nil, err
		}
	}
	if c.isEnding() {
		return nil, errClosed
	}
	if n := c.adrift.Load(); n >= mostAdrift {
		return nil, &endError{KindTimeout, fmt.Errorf("%d earlier attempts to connect go on although their contexts have ended", n)}
	}
	start := time.Now()
	var r reached
	err = c.within(ctx, c.toConnect(start, "connecting"), func(ctx context.Context) error {
		r, err = c.reach(ctx)
		return err
	})
	c.noteDial(time.Since(start), r.host, r.role, err)
	if c.lazy != nil {
		c.tried(err)
	}
	return r.dc, err
}

// ready connects, checks the role of the server, and has the functions of WithSession prepare the connection.
func (c *connector) ready(ctx context.Context, l *login) (driver.Conn, Role, error) {
	dc, err := l.host.inner.Connect(context.WithValue(ctx, loginKey{}, l))
	if err != nil {
		return dc, RoleAny, err
	}
	isReady := false
	defer func() {
		if !isReady { // also where a function panics
			c.closeConn(dc)
		}
	}()
	role, err := c.checkRole(ctx, dc, l)
	if err != nil {
		return nil, role, err
	}
	l.isIn.Store(true)
	for _, prepare := range c.session {
		if err := prepare(ctx, dc); err != nil {
			return nil, role, &sessionError{err}
		}
	}
	isReady = true
	return dc, role, nil
}

// connect calls the driver. Not every driver heeds a context in all that it does, so when it ends, the sockets are made
// to fail underneath the driver.
func (c *connector) connect(ctx context.Context, h *host) (dc driver.Conn, role Role, err error) {
	l := &login{host: h}
	stop := context.AfterFunc(ctx, l.Expire)
	type answer struct {
		dc   driver.Conn
		role Role
	}
	got, err := call(ctx, func() (a answer, err error) {
		a.dc, a.role, err = c.ready(ctx, l)
		return a, err
	}, func(late answer, err error) {
		c.adrift.Add(-1)
		if err == nil {
			c.closeConn(late.dc)
		}
	})
	dc, role = got.dc, got.role
	hangs := is[*HangError](err)
	if hangs {
		c.adrift.Add(1)
		l.Close()
	}
	late := !stop() && err == nil
	if late { // it came when its sockets had expired
		c.closeConn(dc)
		dc, err = nil, context.Cause(ctx)
	}
	switch {
	case err == nil:
		c.grow(dc, l)
	case late || hangs && l.isIn.Load():
		err = &sessionError{err}
	case c.role != RoleAny:
		c.suspect(h, err)
	}
	return dc, role, err
}

// closeConn closes a connection that the pool never had. It is of no use to anybody, so neither is what goes wrong.
func (c *connector) closeConn(dc driver.Conn) { c.leave(do(over, dc.Close)) }

// try opens a connection, tests it, and gives it to the pool.
func (c *connector) try(ctx context.Context, start time.Time) error {
	return c.within(ctx, c.toConnect(start, "opening"), func(ctx context.Context) error {
		return do(ctx, func() error {
			ctx := context.WithValue(ctx, guardedKey{}, true)
			one, err := c.take(ctx, c.toConnect(start, "waiting for a connection"))
			if err != nil {
				return err
			}
			if err := c.test(ctx, start, one); err != nil {
				return err
			}
			c.release(ctx, one)
			return nil
		})
	})
}

// test asks a connection whose dial began at start. A ping is not enough: a server may answer one although the password
// has expired. And a server that accepts a login may fall silent then.
func (c *connector) test(ctx context.Context, start time.Time, one *sql.Conn) error {
	_, err := c.ask(ctx, c.toConnect(start, "testing the connection"), one, c.query)
	return err
}

// ask runs a query on a connection and returns the first value of its answer. If it fails, the connection is closed for
// good, once the driver has returned, and is no longer the caller's: the next attempt is not to get it again.
func (c *connector) ask(ctx context.Context, l limit, one *sql.Conn, query string) (value driver.Value, err error) {
	err = c.within(ctx, l, func(ctx context.Context) error {
		value, err = call(ctx, func() (driver.Value, error) {
			return c.askRaw(ctx, one, query)
		}, func(driver.Value, error) {
			c.retire(one)
		})
		return err
	})
	if err != nil && !is[*HangError](err) {
		c.retire(one)
	}
	return value, err
}

// askRaw is ask on the goroutine on which the driver may panic. A panic must not get as far as database/sql, which
// would close the connection in the midst of it.
func (c *connector) askRaw(ctx context.Context, one *sql.Conn, query string) (value driver.Value, err error) {
	defer func() {
		if v := recover(); v != nil { // over closing the connection, which database/sql does if the query ends the goroutine
			c.forfeit()
			err = &PanicError{v, debug.Stack()}
		}
	}()
	failed := one.Raw(func(dc any) error {
		defer func() {
			if v := recover(); v != nil {
				err = &PanicError{v, debug.Stack()}
			}
		}()
		stop := context.AfterFunc(ctx, c.socketsOf(dc).Expire)
		value, err = queryOne(ctx, dc, query, c.args)
		if !stop() && err == nil {
			err = context.Cause(ctx)
		}
		return nil
	})
	return value, cmp.Or(err, failed)
}

// Close is called by [database/sql.DB.Close], however that came to be called. It does not rely on a wrapper to
// pass the call on: many do not.
func (c *connector) Close() error {
	first := c.end()
	if c.keeper != nil {
		c.keeper.stop()
	}
	if c.upkeep != nil {
		_ = do(over, func() error { // their context has ended
			c.probes.Wait()
			return nil
		})
	}
	var err error
	for _, h := range c.hosts {
		err = errors.Join(err, c.closeDriver(h.inner))
		if c.wrapped {
			err = errors.Join(err, c.closeDriver(h.base))
		}
	}
	close(c.done())
	if first { // it is not a method of Conn that closes the pool
		_ = c.closed(err) // the caller gets the error as it is, as from any *sql.DB
	}
	return err
}

// closeDriver closes a connector of the driver if that can be closed.
func (c *connector) closeDriver(of driver.Connector) error {
	closer, ok := of.(io.Closer)
	if !ok {
		return nil
	}
	l := c.toClose()
	return c.within(context.Background(), l, func(ctx context.Context) error {
		return do(ctx, closer.Close)
	})
}

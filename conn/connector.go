package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
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
	db           *sql.DB       // the pool, which calls this connector
	hosts        []*host       // at least one
	role         Role          // that a server must have
	roles        sync.Mutex    // guards what is known of those of servers and connections
	kick         chan struct{} // full when a server may be in another role now; nil for RoleAny
	order        registry.HostOrder
	several      bool        // the config has Hosts
	onePool      bool        // there can be no other for reading
	closesReader atomic.Bool // by closeBoth
	limits       Pool
	*upkeep                    // nil for files
	timeout      time.Duration // 0: none
	name         string
	target       string
	driver       registry.Driver
	dialect      string
	query        string // tests a connection
	roleQuery    string
	args         []any // of both
	bus          *observer.Bus
	keeper       *keeper                                    // nil if the pool has no Min
	session      []func(context.Context, driver.Conn) error // of WithSession

	health  health        // of the database, as the pool has seen it
	sockets netconn.Group // of the pool
	logins  logins
	adrift  atomic.Int32 // calls of inner.Connect that were given up and go on

	places sync.Mutex // guards what follows
	lost   int32      // places in the pool that no connection has
	left   map[*HangError]struct{}
}

// Driver is that of the wrapped connector.
func (c *connector) Driver() driver.Driver { return c.hosts[0].inner.Driver() }

// loginKey is that of the *login in the context that Connect passes to the driver: the Env of a
// driver is that of the pool, and only the context tells the watch function for which of its connections a socket is.
type loginKey struct{}

func (c *connector) emit(e observer.Event) { observer.Emit(c.bus, e) }

// watch is the Watch of the driver's Env.
func (c *connector) watch(ctx context.Context, socket net.Conn) net.Conn {
	if l, ok := ctx.Value(loginKey{}).(*login); ok {
		m := netconn.Join(socket, &l.Group, &c.sockets)
		m.Owner = l
		return m
	}
	return netconn.Join(socket, &c.sockets)
}

// dialKey is that of the function of take in the context of [sql.DB.Conn].
type dialKey struct{}

// mostAdrift is how many attempts to connect may go on that a driver was to give up, before no other one is made.
const mostAdrift = 16

// warn is the Warn of the driver's Env. Its source is not that of a failure to close, which stands for the end of a pool.
func (c *connector) warn(err error) {
	c.emit(observer.Error{Source: "driver", Err: c.explain(err, 0)})
}

// Connect opens one physical connection. database/sql calls it for waiting callers with a context that never
// ends (https://go.dev/issue/38185), so the timeout is kept here.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if decide, ok := ctx.Value(dialKey{}).(func() error); ok {
		if err := decide(); err != nil {
			return nil, err
		}
	}
	if c.ending.Load() {
		return nil, errClosed
	}
	start := time.Now()
	var r reached
	err := c.within(ctx, c.toConnect(start, "connecting"), func(ctx context.Context) (err error) {
		r, err = c.reach(ctx)
		return err
	})
	c.noteDial(time.Since(start), r, err)
	if c.lazy != nil {
		c.tried(err)
	}
	return r.dc, err
}

// reached is a new connection, and what is known of its server.
type reached struct {
	dc   driver.Conn // nil: there is none
	host *host
	role Role // as far as it was asked for
}

// dial has the driver connect to a host. Not every driver heeds a context in all that it does, so when it ends, the sockets
// are made to fail underneath the driver.
func (c *connector) dial(ctx context.Context, h *host, l *limit) (reached, error) {
	if n := c.adrift.Load(); n >= mostAdrift {
		err := fmt.Errorf("%d earlier attempts to connect go on although their contexts have ended", n)
		return reached{host: h}, &programError{&endError{KindTimeout, err}, false}
	}
	own := &login{host: h}
	r := reached{host: h}
	gone, err := c.call(ctx, l, func(ctx context.Context) (err error) {
		stop := context.AfterFunc(ctx, own.Expire)
		r.dc, r.role, err = c.ready(ctx, own)
		if !stop() && err == nil { // it came when its sockets had expired
			c.closeConn(r.dc)
			r.dc, err = nil, &programError{context.Cause(ctx), true}
		}
		return err
	}, func(err error) {
		c.adrift.Add(-1)
		if err == nil {
			c.closeConn(r.dc)
		}
	})
	if err == nil {
		c.grow(r.dc, own)
		return r, nil
	}
	if !gone {
		c.suspect(h, err)
		return r, err
	}
	c.adrift.Add(1)
	own.Close()
	if own.isIn.Load() {
		err = &programError{err, true}
	} else {
		c.suspect(h, err)
	}
	return reached{host: h}, err // r is the driver's
}

// ready connects, checks the role of the server, and has the functions of WithSession prepare the connection.
func (c *connector) ready(ctx context.Context, l *login) (_ driver.Conn, role Role, err error) {
	dc, err := l.host.inner.Connect(context.WithValue(ctx, loginKey{}, l))
	if err != nil {
		return nil, RoleAny, err
	}
	isReady := false
	defer func() {
		if !isReady { // also where a function panics
			c.closeConn(dc)
		}
	}()
	if role, err = c.checkRole(ctx, dc, l); err != nil {
		return nil, role, err
	}
	l.isIn.Store(true)
	for _, prepare := range c.session {
		if err := prepare(ctx, dc); err != nil {
			return nil, role, &programError{err, true}
		}
	}
	isReady = true
	return dc, role, nil
}

// closeConn closes a connection that the pool never had, if there is one. It is of no use to anybody, so neither is what
// goes wrong.
func (c *connector) closeConn(dc driver.Conn) {
	if dc != nil {
		c.leave(do(over, dc.Close))
	}
}

// through has f use a connection of the pool, for something that began at start. f closes the connection if it fails.
func (c *connector) through(ctx context.Context, start time.Time, f func(*sql.Conn) error) error {
	one, err := c.take(ctx, c.toConnect(start, "waiting for a connection"), nil)
	if err == nil {
		err = f(one)
	}
	if err == nil {
		c.release(one)
	}
	return err
}

// test asks a connection whose dial began at start. A ping is not enough: a server may answer one although the password
// has expired. And a server that accepts a login may fall silent then.
func (c *connector) test(ctx context.Context, start time.Time, one *sql.Conn) error {
	_, err := c.ask(ctx, c.toConnect(start, "testing the connection"), one, c.query)
	return err
}

// ask runs a query on a connection and returns the first value of its answer. If it fails, the connection is closed for
// good, once the driver has returned, and is no longer the caller's: the next attempt is not to get it again.
func (c *connector) ask(ctx context.Context, l *limit, one *sql.Conn, query string) (driver.Value, error) {
	var value driver.Value
	gone, err := c.call(ctx, l, func(ctx context.Context) (err error) {
		value, err = c.askRaw(ctx, one, query)
		return err
	}, func(error) { c.retire(one) })
	if gone {
		return nil, err
	}
	if err != nil {
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
		err = recovered(func() (err error) {
			stop := context.AfterFunc(ctx, c.logins.of(dc).sockets().Expire)
			value, err = queryOne(ctx, dc, query, c.args)
			if !stop() && err == nil {
				err = context.Cause(ctx)
			}
			return err
		})
		return nil
	})
	return value, and(err, "; ", failed)
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
		err = and(err, "; ", c.closeDriver(h.inner))
		err = and(err, "; ", c.closeDriver(h.base))
	}
	c.closing.Done()
	if first { // it is not a method of Conn that closes the pool
		_ = c.closed(err) // the caller gets the error as it is, as from any *sql.DB
	}
	return err
}

// closeDriver closes a connector of the driver if there is one that can be closed.
func (c *connector) closeDriver(of driver.Connector) error {
	closer, ok := of.(io.Closer)
	if !ok {
		return nil
	}
	_, err := c.call(context.Background(), c.toClose(), func(context.Context) error { return closer.Close() }, nil)
	return err
}

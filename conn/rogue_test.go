package conn_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// rogue is a dialect whose driver does in each place what a test says: it panics, ends its goroutine, or does not
// return, whatever its context says.
type rogue struct {
	registry *registry.Registry
	files    bool // it opens files

	mu     sync.Mutex
	act    func(place string, n int) // n counts the calls there, from 1; it is called without a lock
	calls  map[string]int
	ask    func(socket net.Conn) error // what a query does, beside act; nil: nothing
	opened int                         // sockets
	closed int
}

func newRogue(act func(place string, n int)) *rogue {
	d := &rogue{registry: new(registry.Registry), act: act, calls: make(map[string]int)}
	d.registry.Register(d)
	return d
}

// now changes what it does, and counts anew.
func (d *rogue) now(act func(place string, n int)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.act, d.calls = act, make(map[string]int)
}

func (d *rogue) at(place string) {
	d.mu.Lock()
	d.calls[place]++
	n, act := d.calls[place], d.act
	d.mu.Unlock()
	if act != nil {
		act(place, n)
	}
}

// count is how often a place was called.
func (d *rogue) count(place string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[place]
}

// left is how many sockets are open.
func (d *rogue) left() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opened - d.closed
}

func (d *rogue) Info() registry.Info {
	return registry.Info{Dialect: "rogue", Port: 66, VersionQuery: "SELECT version()", Files: d.files}
}

func (d *rogue) Diagnose(error) registry.Diagnosis { return registry.Diagnosis{} }

func (d *rogue) Connector(_ registry.Config, env registry.Env) (driver.Connector, error) {
	d.at("connector")
	return &rogueConnector{d, env}, nil
}

// options are those that it is opened with, so that its sockets are counted.
func (d *rogue) options(more ...conn.Option) []conn.Option {
	return append(more, conn.WithRegistry(d.registry), conn.WithDialer(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		d.mu.Lock()
		defer d.mu.Unlock()
		d.opened++
		return &counted{near, far, d, sync.Once{}}, nil
	}))
}

// counted is a socket to nobody.
type counted struct {
	net.Conn
	far net.Conn
	*rogue
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.rogue.closed++
		_ = c.far.Close()
	})
	return c.Conn.Close()
}

// config names it, with the timeout of 2 s.
func (d *rogue) config(pool conn.Pool) conn.Config {
	return conn.Config{Dialect: "rogue", Pool: pool, ConnectTimeout: rogueTimeout}
}

type rogueConnector struct {
	*rogue
	env registry.Env
}

func (c *rogueConnector) Driver() driver.Driver { return nil }

func (c *rogueConnector) Connect(ctx context.Context) (driver.Conn, error) {
	socket, err := network.DialFunc(c.env)(ctx, "tcp", "h:66")
	if err != nil {
		return nil, err
	}
	returned := false
	defer func() {
		if !returned {
			_ = socket.Close()
		}
	}()
	c.at("connect")
	returned = true
	return &rogueConn{c.rogue, socket}, nil
}

func (c *rogueConnector) Close() error {
	c.at("close connector")
	return nil
}

type rogueConn struct {
	*rogue
	socket net.Conn
}

func (c *rogueConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *rogueConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c *rogueConn) Close() error {
	c.at("close")
	return c.socket.Close()
}

func (c *rogueConn) ResetSession(context.Context) error {
	c.at("reset")
	return nil
}

func (c *rogueConn) IsValid() bool {
	c.at("validate")
	return true
}

func (c *rogueConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	c.at("query")
	if c.ask != nil {
		if err := c.ask(c.socket); err != nil {
			return nil, err
		}
	}
	return &rogueRows{c.rogue, false}, nil
}

type rogueRows struct {
	*rogue
	done bool
}

func (r *rogueRows) Columns() []string { return []string{"1"} }

func (r *rogueRows) Close() error {
	r.at("close rows")
	return nil
}

func (r *rogueRows) Next(row []driver.Value) error {
	r.at("next")
	if r.done {
		return io.EOF
	}
	r.done, row[0] = true, int64(1)
	return nil
}

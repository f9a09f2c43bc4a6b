package conn_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// fake is a database that lives in this test and fails as it is told to: what a real server can hardly be made
// to do, and what must not wait for real time.
type fake struct {
	registry *registry.Registry
	connect  func(ctx context.Context, n int, env registry.Env) error // n counts from 1; nil: succeed
	closing  error                                                    // what closing the connector returns
	hint     string                                                   // of a refusal, which it makes permanent
	change   func(cfg *registry.Config, env registry.Env)             // what Connector does with its config

	mu     sync.Mutex
	dialed int
	open   map[*fakeConn]bool
	most   int
	closed int // how often the connector was
}

var (
	errAuth    = errors.New("wrong password")
	errRefused = errors.New("refused")
	errLost    = errors.New("lost")
)

func newFake() *fake {
	f := &fake{registry: new(registry.Registry), open: make(map[*fakeConn]bool)}
	f.registry.Register(f)
	return f
}

func (f *fake) Info() registry.Info {
	return registry.Info{Dialect: "fake", Aliases: []string{"sham"}, Port: 99}
}

func (f *fake) Diagnose(err error) (d registry.Diagnosis) {
	switch {
	case errors.Is(err, errAuth):
		d.Kind = registry.KindAuth
	case errors.Is(err, errRefused):
		d.Kind, d.Hint, d.Permanent = registry.KindUnreachable, f.hint, f.hint != ""
	case errors.Is(err, errLost):
		d.Kind = registry.KindLost
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		d.Kind = registry.KindUnreachable
	}
	return d
}

func (f *fake) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	if _, err := registry.CheckParams(cfg.Params, nil); err != nil {
		return nil, err
	}
	if f.change != nil {
		f.change(&cfg, env)
	}
	return &fakeConnector{f, env}, nil
}

type fakeConnector struct {
	*fake
	env registry.Env
}

func (c *fakeConnector) Driver() driver.Driver { return nil }

func (c *fakeConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c.mu.Lock()
	c.dialed++
	n := c.dialed
	c.mu.Unlock()
	if c.connect != nil {
		if err := c.connect(ctx, n, c.env); err != nil {
			return nil, err
		}
	}
	fc := &fakeConn{fake: c.fake}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fake.open[fc] = true
	c.most = max(c.most, len(c.fake.open))
	return fc, nil
}

func (c *fakeConnector) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fake.closed++
	return c.closing
}

// kill breaks all connections that are open now.
func (f *fake) kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.open {
		c.dead = true
	}
}

func (f *fake) conns() []*fakeConn {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.open))
}

// alive is the number of open connections that work.
func (f *fake) alive() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.open {
		if !c.dead {
			n++
		}
	}
	return n
}

func (f *fake) dials() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dialed
}

type fakeConn struct {
	*fake
	dead bool
}

func (c *fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *fakeConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c *fakeConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.fake.open, c)
	return nil
}

func (c *fakeConn) Ping(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return errLost
	}
	return nil
}

func (c *fakeConn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	if err := c.Ping(ctx); err != nil {
		return nil, err
	}
	return new(one), nil
}

// one is the result of SELECT 1.
type one struct{ done bool }

func (*one) Columns() []string { return []string{"1"} }
func (*one) Close() error      { return nil }

func (o *one) Next(row []driver.Value) error {
	if o.done {
		return io.EOF
	}
	o.done = true
	row[0] = int64(1)
	return nil
}

// recorded is a bus and all that was emitted on it, but for what is there for every physical connection.
type recorded struct {
	bus    *observer.Bus
	mu     sync.Mutex
	events []observer.Event
}

func record(t testing.TB) *recorded {
	t.Helper()
	r := &recorded{bus: observer.New()}
	t.Cleanup(observer.On(r.bus, func(e observer.Event) {
		if _, ok := e.(conn.Dialed); ok {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	}))
	return r
}

func (r *recorded) names() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		names = append(names, e.EventName())
	}
	return names
}

func of[E observer.Event](r *recorded) (all []E) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e, ok := e.(E); ok {
			all = append(all, e)
		}
	}
	return all
}

// openFake opens f with what most tests need.
func openFake(t *testing.T, f *fake, cfg conn.Config, opts ...conn.Option) (*conn.Conn, *recorded, error) {
	t.Helper()
	r := record(t)
	cfg.Dialect = "fake"
	opts = append([]conn.Option{conn.WithRegistry(f.registry), conn.WithObserver(r.bus), conn.WithName("orders")}, opts...)
	c, err := conn.Open(t.Context(), cfg, opts...)
	return c, r, err
}

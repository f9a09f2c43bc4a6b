package manager_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// fake is a dialect that lives in this test: what a database can hardly be made to do, and what must not wait
// for real time.
type fake struct {
	registry *registry.Registry
	connect  func(ctx context.Context, cfg registry.Config) error // nil: succeed
	dial     func(ctx context.Context, p *fakePool) error         // the same, with more to go by
	closing  func(cfg registry.Config)                            // runs while a connection is being closed; nil: does nothing
	test     func(ctx context.Context, cfg registry.Config) error // of the query SELECT 1; nil: succeed
	ask      func(p *fakePool) error                              // the same, with more to go by
	query    func(ctx context.Context, query string) error        // of other queries
	end      func() error                                         // the error of closing a pool; nil: none
	asked    func(err error)                                      // runs when the driver is asked what an error means; nil: does nothing

	mu    sync.Mutex
	pools []*fakePool
}

// fakePool is what was opened by one call of conn.Open.
type fakePool struct {
	*fake
	cfg    registry.Config
	dials  int
	tests  int // by SELECT 1
	conns  int // open now
	closed int // how often; once is right
}

var errRefused = errors.New("refused")

func newFake() *fake {
	f := &fake{registry: new(registry.Registry)}
	f.registry.Register(f)
	return f
}

func (f *fake) Info() registry.Info { return registry.Info{Dialect: "fake", Port: 99} }

func (f *fake) Diagnose(err error) (d registry.Diagnosis) {
	if f.asked != nil {
		f.asked(err)
	}
	if errors.Is(err, errRefused) {
		d.Kind = registry.KindUnreachable
	}
	return d
}

func (f *fake) Connector(cfg registry.Config, _ registry.Env) (driver.Connector, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &fakePool{fake: f, cfg: cfg}
	f.pools = append(f.pools, p)
	return p, nil
}

func (p *fakePool) Driver() driver.Driver { return nil }

func (p *fakePool) Connect(ctx context.Context) (driver.Conn, error) {
	p.mu.Lock()
	p.dials++
	p.mu.Unlock()
	if p.connect != nil {
		if err := p.connect(ctx, p.cfg); err != nil {
			return nil, err
		}
	}
	if p.dial != nil {
		if err := p.dial(ctx, p); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns++
	return &fakeConn{p}, nil
}

// Close ends the pool.
func (p *fakePool) Close() error {
	p.mu.Lock()
	p.closed++
	p.mu.Unlock()
	if p.end != nil {
		return p.end()
	}
	return nil
}

type fakeConn struct{ *fakePool }

func (c *fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *fakeConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c *fakeConn) Close() error {
	defer func() { // also if closing panics
		c.mu.Lock()
		defer c.mu.Unlock()
		c.conns--
	}()
	if c.closing != nil {
		c.closing(c.cfg)
	}
	return nil
}

func (c *fakeConn) QueryContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	if query == "SELECT 1" {
		c.mu.Lock()
		c.tests++
		c.mu.Unlock()
		if c.ask != nil {
			if err := c.ask(c.fakePool); err != nil {
				return nil, err
			}
		}
		if c.test != nil {
			if err := c.test(ctx, c.cfg); err != nil {
				return nil, err
			}
		}
	} else if c.query != nil {
		if err := c.query(ctx, query); err != nil {
			return nil, err
		}
	}
	return new(one), nil
}

// one is the result of every query.
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

// opened is the number of pools whose opening has begun.
func (f *fake) opened() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.pools)
}

// open is the number of pools that are not closed.
func (f *fake) open() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.pools {
		if p.closed == 0 {
			n++
		}
	}
	return n
}

// conns is the number of open connections of all pools.
func (f *fake) conns() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.pools {
		n += p.conns
	}
	return n
}

// check fails the test unless every pool was closed exactly once and no connection is left.
func (f *fake) check(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, p := range f.pools {
		if p.closed != 1 || p.conns != 0 {
			t.Errorf("pool %d of %d (%v) was closed %d times and has %d connections", i, len(f.pools), p.cfg, p.closed, p.conns)
		}
	}
}

// settled reports whether every pool is closed and no connection is left.
func (f *fake) settled() bool { return f.open() == 0 && f.conns() == 0 }

// manager returns a manager of fakes and a record of its events. When the test ends, everything must have been
// closed, and the events must pair up.
func (f *fake) manager(t *testing.T, opts ...manager.Option) (*manager.Manager, *record) {
	t.Helper()
	r := newRecord()
	opts = append([]manager.Option{manager.WithObserver(r.bus), manager.WithConnOptions(conn.WithRegistry(f.registry))}, opts...)
	m := manager.New(opts...)
	t.Cleanup(func() {
		if err := m.CloseAll(context.Background()); err != nil {
			t.Errorf("close what the test left: %v", err)
		}
		f.check(t)
		r.check(t)
	})
	return m, r
}

// record is what was emitted on a bus, but for what is there for every physical connection.
type record struct {
	bus    *observer.Bus
	mu     sync.Mutex
	events []string // "connection:open a", in order
	values []observer.Event
}

func newRecord() *record {
	r := &record{bus: observer.New()}
	observer.On(r.bus, func(e observer.Event) {
		name := "?"
		switch e := e.(type) {
		case conn.Dialed:
			return
		case conn.Opened:
			name = e.Name
		case conn.Closed:
			name = e.Name
		case conn.Failed:
			name = e.Name
		case conn.Retrying:
			name = e.Name
		case manager.Evicted:
			name = e.Name + " " + string(e.Reason)
		case manager.Starved:
			name = e.Name
		case manager.Recovered:
			name = e.Name
		case manager.Held:
			name = e.Name
		case observer.Error:
			if err, ok := errors.AsType[*conn.Error](e.Err); ok {
				name = err.Name
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e.EventName()+" "+name)
		r.values = append(r.values, e)
	})
	return r
}

func (r *record) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// count is how many events of that name there were.
func (r *record) count(event string) (n int) {
	for _, e := range r.list() {
		if e == event {
			n++
		}
	}
	return n
}

// check fails the test unless every open event has exactly one that says how it ended, after it.
func (r *record) check(t *testing.T) {
	t.Helper()
	open := make(map[string]int)
	for i, e := range r.list() {
		var event, name string
		if _, err := fmt.Sscanf(e, "%s %s", &event, &name); err != nil {
			t.Fatal(err)
		}
		switch event {
		case "connection:open":
			open[name]++
		case "connection:close", "error":
			if open[name]--; open[name] < 0 {
				t.Errorf("event %d, %q, ends what was not open", i, e)
			}
		}
	}
	for name, n := range open {
		if n != 0 {
			t.Errorf("%d openings of %q have no end in the events", n, name)
		}
	}
}

// fakeConfig is the config of a fake database of that name.
func fakeConfig(database string) conn.Config {
	return conn.Config{Dialect: "fake", Database: database}
}

// works fails the test unless the connection answers a query.
func works(t *testing.T, c *conn.Conn) {
	t.Helper()
	var answer int
	if err := c.QueryRow("SELECT 1").Scan(&answer); err != nil {
		t.Errorf("query: %v", err)
	}
}

// isClosed fails the test unless the connection answers that it is closed.
func isClosed(t *testing.T, c *conn.Conn) {
	t.Helper()
	if err := c.Ping(); err == nil || err.Error() != "sql: database is closed" {
		t.Errorf("ping: %v, and it should be closed", err)
	}
}

// get is Get where it must succeed.
func get(t *testing.T, m *manager.Manager, name string) *conn.Conn {
	t.Helper()
	c, err := m.Get(t.Context(), name, fakeConfig(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

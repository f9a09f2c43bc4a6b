package status_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// fake is a dialect whose databases are what a test tells them to be.
type fake struct {
	registry *registry.Registry
	state    [128]atomic.Int32 // of the database that a letter stands for
	queries  atomic.Int32
	secret   string // is in no output
}

// What a database can be.
const (
	sound int32 = iota
	refusing
	denying
	silent
)

var (
	errRefused = errors.New("connect: connection refused")
	errDenied  = errors.New("wrong password")
)

func (f *fake) Info() registry.Info { return registry.Info{Dialect: "fake", Port: 99} }

func (f *fake) Diagnose(err error) (d registry.Diagnosis) {
	switch {
	case errors.Is(err, errRefused):
		d.Kind = registry.KindUnreachable
	case errors.Is(err, errDenied):
		d.Kind = registry.KindAuth
	}
	return d
}

func (f *fake) Connector(cfg registry.Config, _ registry.Env) (driver.Connector, error) {
	return &fakePool{f, &f.state[cfg.Database[0]]}, nil
}

type fakePool struct {
	*fake
	state *atomic.Int32
}

func (p *fakePool) Driver() driver.Driver { return nil }

func (p *fakePool) Connect(ctx context.Context) (driver.Conn, error) {
	if err := p.meet(ctx); err != nil {
		return nil, err
	}
	return fakeConn{p}, nil
}

func (p *fakePool) meet(ctx context.Context) error {
	switch p.state.Load() {
	case refusing:
		return errRefused
	case denying:
		return errDenied
	case silent:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

type fakeConn struct{ *fakePool }

func (c fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c fakeConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (c fakeConn) Close() error                        { return nil }

func (c fakeConn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	c.queries.Add(1)
	if err := c.meet(ctx); err != nil {
		return nil, err
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

// newManager returns a manager of fakes, which is closed when the test ends.
func newManager(t testing.TB, names ...string) (*fake, *manager.Manager) {
	t.Helper()
	f := &fake{registry: new(registry.Registry), secret: "pl4nted-s3cret"}
	f.registry.Register(f)
	configs := make(map[string]conn.Config)
	for _, name := range names {
		configs[name] = f.config(name)
	}
	m := manager.New(
		manager.WithConfigs(configs), manager.WithObserver(observer.New()), manager.WithConnOptions(conn.WithRegistry(f.registry)),
	)
	t.Cleanup(func() {
		if err := m.CloseAll(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f, m
}

// config is that of a name, whose first letter is its database.
func (f *fake) config(name string) conn.Config {
	return conn.Config{
		Dialect: "fake", Host: "db.example", User: "app", Password: conn.NewSecret(f.secret), Database: name,
		Pool: conn.Pool{Max: 2}, Retry: conn.Retry{Max: -1},
	}
}

// named opens a name.
func named(t testing.TB, m *manager.Manager, name string) *conn.Conn {
	t.Helper()
	c, err := m.Named(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

package drivertest_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// faultyConn is a connection of the scratch dialect with a fault.
type faultyConn struct {
	*scratchConn
	ctx   func(context.Context) context.Context
	args  func(values []driver.NamedValue)
	begin func(opts *driver.TxOptions)
	tx    func(*scratchConn) driver.Tx
	close func(*scratchConn) error
	none  bool // no rows are said to be changed
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.change(&ctx, args)
	return c.scratchConn.QueryContext(ctx, query, args)
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.change(&ctx, args)
	result, err := c.scratchConn.ExecContext(ctx, query, args)
	if c.none {
		result = driver.RowsAffected(0)
	}
	return result, err
}

// PrepareContext has every statement prepared anew, by those above.
func (c *faultyConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return nil, driver.ErrSkip
}

func (c *faultyConn) change(ctx *context.Context, args []driver.NamedValue) {
	if c.ctx != nil {
		*ctx = c.ctx(*ctx)
	}
	if c.args != nil {
		c.args(args)
	}
}

func (c *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.begin != nil {
		c.begin(&opts)
	}
	tx, err := c.scratchConn.BeginTx(ctx, opts)
	if c.tx != nil && err == nil {
		tx = c.tx(c.scratchConn)
	}
	return tx, err
}

func (c *faultyConn) Close() error {
	if c.close != nil {
		return c.close(c.scratchConn)
	}
	return c.scratchConn.Close()
}

// faultyConnector is a connector of the scratch dialect with a fault.
type faultyConnector struct {
	driver.Connector
	connect func(ctx context.Context, inner driver.Connector) (driver.Conn, error)
	close   func() error
}

func (c *faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.connect == nil {
		return c.Connector.Connect(ctx)
	}
	return c.connect(ctx, c.Connector)
}

func (c *faultyConnector) Close() error {
	if c.close == nil {
		return nil
	}
	return c.close()
}

type makeConnector = func(registry.Config, registry.Env) (driver.Connector, error)

func connecting(connect func(ctx context.Context, inner driver.Connector) (driver.Conn, error)) makeConnector {
	return func(cfg registry.Config, env registry.Env) (driver.Connector, error) {
		inner, err := dialect{}.Connector(cfg, env)
		return &faultyConnector{Connector: inner, connect: connect}, err
	}
}

// faulty makes connections with a fault.
func faulty(fault func(*faultyConn)) makeConnector {
	return connecting(func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
		dc, err := inner.Connect(ctx)
		if err != nil {
			return nil, err
		}
		c := &faultyConn{scratchConn: dc.(*scratchConn)}
		fault(c)
		return c, nil
	})
}

// arguments makes connections that change values of one type on their way to the server.
func arguments[T any](change func(T) any) makeConnector {
	return faulty(func(c *faultyConn) {
		c.args = func(values []driver.NamedValue) {
			for i := range values {
				if v, ok := values[i].Value.(T); ok {
					values[i].Value = change(v)
				}
			}
		}
	})
}

// exchanged is a transaction that does the one for the other.
type exchanged struct{ *scratchConn }

func (t exchanged) Commit() error { return t.scratchConn.Rollback() }

func (t exchanged) Rollback() error { return t.scratchConn.Commit() }

var connMutants = []mutant{
	{
		fault: "connects although it is too late", found: "driver/a connector heeds a context that has ended",
		connector: connecting(func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
			return inner.Connect(context.WithoutCancel(ctx))
		}),
	},
	{
		fault: "closes once", found: "driver/a connector may be closed twice",
		connector: func(cfg registry.Config, env registry.Env) (driver.Connector, error) {
			inner, err := dialect{}.Connector(cfg, env)
			closed := false
			return &faultyConnector{Connector: inner, close: func() error {
				if closed {
					return errors.New("closed before")
				}
				closed = true
				return nil
			}}, err
		},
	},
	{
		fault: "shows the password", found: "failures/a wrong password",
		connector: func(cfg registry.Config, env registry.Env) (driver.Connector, error) {
			inner, err := dialect{}.Connector(cfg, env)
			return &faultyConnector{Connector: inner, connect: func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
				dc, err := inner.Connect(ctx)
				if err != nil {
					err = fmt.Errorf("login as %s with %q: %w", cfg.User, cfg.Password.Reveal(), err)
				}
				return dc, err
			}}, err
		},
	},
	{
		fault: "wraps connections", found: "opening/Raw yields the driver's own connection",
		connector: func(cfg registry.Config, env registry.Env) (driver.Connector, error) {
			if env.Dial == nil {
				return dialect{}.Connector(cfg, env)
			}
			return faulty(func(*faultyConn) {})(cfg, env)
		},
	},
	{
		fault: "dials twice", found: "network/WithDialer opens every connection, and gets the host as it is in the config",
		connector: connecting(func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
			if dc, err := inner.Connect(ctx); err == nil {
				_ = dc.Close()
			}
			return inner.Connect(ctx)
		}),
	},
	{
		fault: "leaves a goroutine", found: "closing/Close leaves no goroutine, file or server connection",
		connector: connecting(func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
			go func() { select {} }()
			return inner.Connect(ctx)
		}),
	},
	{
		fault: "leaves a socket", found: "closing/Close leaves no goroutine, file or server connection",
		connector: faulty(func(c *faultyConn) { c.close = func(*scratchConn) error { return nil } }),
	},
	{
		fault: "fails to close", found: "opening/a database is opened, tested and queried",
		connector: faulty(func(c *faultyConn) {
			c.close = func(inner *scratchConn) error { return errors.Join(errors.New("not closed"), inner.Close()) }
		}),
	},
	{
		fault: "counts no changes", found: "statements/a change tells how many rows it changed",
		connector: faulty(func(c *faultyConn) { c.none = true }),
	},
	{
		fault: "exchanges parameters", found: "statements/parameters are bound in order and never read as SQL",
		connector: faulty(func(c *faultyConn) {
			c.args = func(values []driver.NamedValue) { slices.Reverse(values) }
		}),
	},
	{
		fault: "rounds integers", found: "types/integers to the limits of int64",
		connector: arguments(func(n int64) any { return int64(float64(n)) }),
	},
	{
		fault: "knows the first plane only", found: "types/text in every script, as it was written",
		connector: arguments(func(text string) any {
			return strings.Map(func(r rune) rune { return min(r, 0xfffd) }, text)
		}),
	},
	{
		fault: "takes no bytes for NULL", found: "types/bytes of any value and number",
		connector: arguments(func(b []byte) any {
			if len(b) == 0 {
				return nil
			}
			return b
		}),
	},
	{
		fault: "rounds times", found: "types/times as the same instant, to the microsecond, in UTC",
		connector: arguments(func(t time.Time) any { return t.Truncate(time.Millisecond) }),
	},
	{
		fault: "drops zones", found: "types/times as the same instant, to the microsecond, in UTC",
		connector: arguments(func(t time.Time) any {
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		}),
	},
	{
		fault: "does not commit", found: "transactions/what is committed stays",
		connector: faulty(func(c *faultyConn) { c.tx = func(inner *scratchConn) driver.Tx { return exchanged{inner} } }),
	},
	{
		fault: "does not roll back", found: "transactions/what is rolled back is gone",
		connector: faulty(func(c *faultyConn) { c.tx = func(inner *scratchConn) driver.Tx { return exchanged{inner} } }),
	},
	{
		fault: "ignores isolation levels", found: "transactions/each isolation level is used or refused",
		connector: faulty(func(c *faultyConn) { c.begin = func(opts *driver.TxOptions) { opts.Isolation = 0 } }),
	},
	{
		fault: "keeps isolation levels", found: "transactions/an isolation level ends with its transaction",
		connector: faulty(func(c *faultyConn) {
			var last driver.IsolationLevel
			c.begin = func(opts *driver.TxOptions) {
				if opts.Isolation == 0 {
					opts.Isolation = last
				}
				last = opts.Isolation
			}
		}),
	},
	{
		fault: "writes in read-only transactions", found: "transactions/a read-only transaction is refused, or refuses to write",
		connector: faulty(func(c *faultyConn) { c.begin = func(opts *driver.TxOptions) { opts.ReadOnly = false } }),
	},
	{
		fault: "ignores contexts", found: "contexts/cancelling ends a running statement, and the pool goes on",
		connector: faulty(func(c *faultyConn) { c.ctx = context.WithoutCancel }),
	},
}

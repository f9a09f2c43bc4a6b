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
	rows  func(driver.Rows) driver.Rows
	none  bool // no rows are said to be changed
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.change(&ctx, args)
	rows, err := c.scratchConn.QueryContext(ctx, query, args)
	if c.rows != nil && err == nil {
		rows = c.rows(rows)
	}
	return rows, err
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.change(&ctx, args)
	result, err := c.scratchConn.ExecContext(ctx, query, args)
	if c.none {
		result = driver.RowsAffected(0)
	}
	return result, err
}

func (c *faultyConn) Prepare(query string) (driver.Stmt, error) { return &scratchStmt{c, query}, nil }

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

// local reads times as drivers do that leave the zone to the machine.
type local struct{ driver.Rows }

func (r local) Next(row []driver.Value) error {
	err := r.Rows.Next(row)
	for i, v := range row {
		if t, ok := v.(time.Time); ok {
			row[i] = t.Local()
		}
	}
	return err
}

// exchanged is a transaction that does the one for the other.
type exchanged struct{ *scratchConn }

func (t exchanged) Commit() error { return t.scratchConn.Rollback() }

func (t exchanged) Rollback() error { return t.scratchConn.Commit() }

var connMutants = []mutant{
	{
		fault: "connects although it is too late", found: "driver/a connector heeds a context that has ended",
		says: "connected with a context that has ended",
		connector: connecting(func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
			return inner.Connect(context.WithoutCancel(ctx))
		}),
	},
	{
		fault: "closes once", found: "driver/a connector may be closed twice",
		says: "closed before",
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
		says: "a secret shows in a conn.Failed, printed by %+v, %q, %s, %v, %x, JSON, slog",
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
		says: "yields a *drivertest_test.faultyConn",
		connector: func(cfg registry.Config, env registry.Env) (driver.Connector, error) {
			if env.Watch == nil {
				return dialect{}.Connector(cfg, env)
			}
			return faulty(func(*faultyConn) {})(cfg, env)
		},
	},
	{
		fault: "dials twice", found: "network/WithDialer opens every connection, and gets the host as it is in the config",
		says: "one connection is open after the dials [{",
		connector: connecting(func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
			if dc, err := inner.Connect(ctx); err == nil {
				_ = dc.Close()
			}
			return inner.Connect(ctx)
		}),
	},
	{
		fault: "leaves a goroutine", found: "closing/Close leaves no goroutine, file or server connection",
		says: "a goroutine is left",
		connector: connecting(func(ctx context.Context, inner driver.Connector) (driver.Conn, error) {
			go func() { select {} }()
			return inner.Connect(ctx)
		}),
	},
	{
		fault: "leaves a socket", found: "closing/Close leaves no goroutine, file or server connection",
		says:      "3 network connections are open",
		connector: faulty(func(c *faultyConn) { c.close = func(*scratchConn) error { return nil } }),
	},
	{
		fault: "fails to close", found: "driver/a connector is used by many goroutines",
		says: ": not closed",
		connector: faulty(func(c *faultyConn) {
			c.close = func(inner *scratchConn) error { return errors.Join(errors.New("not closed"), inner.Close()) }
		}),
	},
	{
		fault: "counts no changes", found: "statements/a change tells how many rows it changed",
		says:      "RowsAffected is 0",
		connector: faulty(func(c *faultyConn) { c.none = true }),
	},
	{
		fault: "exchanges parameters", found: "statements/parameters are bound in order and never read as SQL",
		says: "no rows in result set",
		connector: faulty(func(c *faultyConn) {
			c.args = func(values []driver.NamedValue) { slices.Reverse(values) }
		}),
	},
	{
		fault: "rounds integers", found: "types/integers to the limits of int64",
		says:      "wrote 9007199254740993, read 9007199254740992",
		connector: arguments(func(n int64) any { return int64(float64(n)) }),
	},
	{
		fault: "knows the first plane only", found: "types/text in every script, as it was written",
		says: "\\U0001f600",
		connector: arguments(func(text string) any {
			return strings.Map(func(r rune) rune { return min(r, 0xfffd) }, text)
		}),
	},
	{
		fault: "takes no bytes for NULL", found: "types/bytes of any value and number",
		says: "wrote [], read [] (not NULL: false)",
		connector: arguments(func(b []byte) any {
			if len(b) == 0 {
				return nil
			}
			return b
		}),
	},
	{
		fault: "rounds times", found: "types/times as the same instant, to the microsecond",
		says:      "read 2024-07-01 12:00:00 +0000 UTC",
		connector: arguments(func(t time.Time) any { return t.Truncate(time.Millisecond) }),
	},
	{
		fault: "drops zones", found: "types/times as the same instant, to the microsecond",
		says: "read 2024-02-29 23:59:59.123456 +0000 UTC",
		connector: arguments(func(t time.Time) any {
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		}),
	},
	{
		fault: "reads times in the zone of the machine", found: "types/times in UTC",
		says:      "wrote 2024-07-01",
		connector: faulty(func(c *faultyConn) { c.rows = func(rows driver.Rows) driver.Rows { return local{rows} } }),
	},
	{
		fault: "does not commit", found: "transactions/what is committed stays",
		says:      "the table has 0 rows, want 1",
		connector: faulty(func(c *faultyConn) { c.tx = func(inner *scratchConn) driver.Tx { return exchanged{inner} } }),
	},
	{
		fault: "does not roll back", found: "transactions/what is rolled back is gone",
		says:      "the table has 2 rows, want 1",
		connector: faulty(func(c *faultyConn) { c.tx = func(inner *scratchConn) driver.Tx { return exchanged{inner} } }),
	},
	{
		fault: "ignores isolation levels", found: "transactions/each isolation level is used or refused",
		says:      "asked for Read Committed, the level is \"serializable\"",
		connector: faulty(func(c *faultyConn) { c.begin = func(opts *driver.TxOptions) { opts.Isolation = 0 } }),
	},
	{
		fault: "keeps isolation levels", found: "transactions/an isolation level ends with its transaction",
		says: "the usual level is \"read committed\", and was \"serializable\"",
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
		says:      "writing in a read-only transaction ends in <nil>",
		connector: faulty(func(c *faultyConn) { c.begin = func(opts *driver.TxOptions) { opts.ReadOnly = false } }),
	},
	{
		fault: "ignores contexts", found: "contexts/canceling ends a running statement, and the pool goes on",
		says:      "not done after",
		connector: faulty(func(c *faultyConn) { c.ctx = context.WithoutCancel }),
	},
}

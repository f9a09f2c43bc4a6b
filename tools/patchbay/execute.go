package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

// execution is one run of SQL on one connection.
type execution struct {
	sql      string
	args     []any
	out      rows.Writer
	data     io.Writer         // for what has a form of its own, after out is flushed
	notice   func(text string) // what the server says beside its answer
	tx       bool
	readOnly bool
	create   bool
}

// ended is the cause of a context that ends what the command does.
type ended struct {
	why    string
	status int
}

func (e *ended) Error() string { return e.why }

// A way runs the SQL of one dialect, where database/sql cannot carry all that its driver can.
type way func(ctx context.Context, c *sql.Conn, x execution) error

// ways are filled by the files of the dialects that are linked in.
var ways = map[string]way{"mysql": runMySQL}

func (x execution) run(ctx context.Context, c connection) error {
	var opts []conn.Option
	if !x.create {
		opts = append(opts, conn.NoCreate())
	}
	bus := observer.New()
	var warned warnings
	observer.On(bus, warned.add)
	opts = append(opts, conn.WithObserver(bus))
	cfg, err := x.config(c)
	if err != nil {
		return err
	}
	db, done, err := open(ctx, connection{name: c.name, cfg: cfg}, opts...)
	if err != nil {
		if e := (*ended)(nil); errors.As(context.Cause(ctx), &e) {
			return &ended{"opening: " + e.why, e.status}
		}
		if opening, ok := errors.AsType[*conn.Error](err); ok && opening.Kind == conn.KindCannotOpen && !x.create {
			opening.Hint = "correct the name, or add --create for a new database"
		}
		return err
	}
	err = x.on(ctx, db)
	aborted, closed := done()
	if err == nil {
		return closed
	}
	if e := (*ended)(nil); errors.As(context.Cause(ctx), &e) {
		text := e.why + "; the server has stopped it"
		switch {
		case aborted:
			text = fmt.Sprintf("%s; the server may go on with it: it has not confirmed within %v that it stopped", e.why, grace)
		case warned.first() != nil:
			text = e.why + "; the server may go on with it: " + warned.first().Error()
		case db.Info().Files:
			text = e.why
		}
		err = &ended{text, e.status}
	}
	return failed(db, c.name, err)
}

// warnings are what a driver says that no call returns, such as that it could not stop a statement.
type warnings struct {
	mu  sync.Mutex
	all []error
}

func (w *warnings) add(e observer.Error) {
	if e.Source != "driver" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	err := e.Err
	if opening := (*conn.Error)(nil); errors.As(err, &opening) {
		err = opening.Err
	}
	w.all = append(w.all, err)
}

func (w *warnings) first() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) == 0 {
		return nil
	}
	return w.all[0]
}

// on runs the SQL on a connection of db, in a transaction where that was asked for.
func (x execution) on(ctx context.Context, db *conn.Conn) (err error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if statement := readOnlySession[db.Dialect()]; x.readOnly && statement != "" {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	run, ok := ways[db.Dialect()]
	if !ok {
		run = runSQL
	}
	undo := x.readOnly && db.Dialect() == "mssql"
	if !x.tx && !undo || db.Dialect() == "postgres" { // whose way does that
		return run(ctx, c, x)
	}
	tx, err := c.BeginTx(context.WithoutCancel(ctx), nil) // the end of a context would roll back at any time
	if err != nil {
		return err
	}
	if err := run(ctx, c, x); err != nil {
		_ = tx.Rollback() // a server that has ended the transaction by itself has nothing to roll back
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if undo {
		return tx.Rollback()
	}
	return tx.Commit()
}

// readOnlySession has the server refuse to write. SQLite opens the file so, and SQL Server has nothing like it.
var readOnlySession = map[string]string{
	"postgres": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
	"mysql":    "SET SESSION TRANSACTION READ ONLY",
}

// config is that of a connection with what the flags say of it.
func (x execution) config(c connection) (conn.Config, error) {
	cfg := c.cfg.Clone()
	with := func(m *map[string]string, name, value string) {
		if *m == nil {
			*m = make(map[string]string)
		}
		(*m)[name] = value
	}
	switch dialectOf(cfg) {
	case "sqlite":
		switch {
		case !x.readOnly:
		case cfg.Filename == memory || cfg.Filename == "" && cfg.Database == memory:
			with(&cfg.Session, "query_only", "on")
		default:
			with(&cfg.Params, "mode", "ro")
		}
	case "mysql":
		if len(x.args) == 0 { // a prepared statement is always one
			with(&cfg.Params, "multiStatements", "true")
		}
	case "postgres", "mssql":
	default:
		if x.readOnly {
			return cfg, usagef("--read-only is not known for this dialect: connect as a user that may only read")
		}
	}
	return cfg, nil
}

const memory = ":memory:"

// runSQL runs SQL as database/sql can.
func runSQL(ctx context.Context, c *sql.Conn, x execution) error {
	if counts(x.sql) {
		result, err := c.ExecContext(ctx, x.sql, x.args...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err == nil { // not every driver can tell
			return x.out.Affected(n)
		}
		return x.out.Done()
	}
	result, err := c.QueryContext(ctx, x.sql, x.args...)
	if err != nil {
		return err
	}
	hadRows, err := rows.Copy(x.out, result)
	if err != nil || hadRows {
		return err
	}
	return x.out.Done()
}

// runMySQL asks for the number of rows after a statement that has returned none: the driver keeps that of a query to itself.
// https://dev.mysql.com/doc/refman/8.4/en/information-functions.html#function_row-count
func runMySQL(ctx context.Context, c *sql.Conn, x execution) error {
	if counts(x.sql) {
		return runSQL(ctx, c, x)
	}
	result, err := c.QueryContext(ctx, x.sql, x.args...)
	if err != nil {
		return err
	}
	hadRows, err := rows.Copy(x.out, result)
	if err != nil || hadRows {
		return err
	}
	var n int64
	if err := c.QueryRowContext(ctx, "SELECT ROW_COUNT()").Scan(&n); err == nil && n > 0 {
		return x.out.Affected(n)
	}
	return x.out.Done()
}

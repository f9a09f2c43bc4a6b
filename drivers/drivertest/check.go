package drivertest

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// patience bounds what should take no time at all, on a machine that is busy with other things.
var patience = 10 * time.Second

// silence is how long a server may stay silent before an attempt to connect is given up.
const silence = 250 * time.Millisecond

// quick repeats failed attempts without waiting for long.
var quick = conn.Retry{Max: 2, Delay: time.Millisecond, Jitter: -1}

// check is one running subtest.
type check struct {
	*testing.T
	*suite
}

// ctx ends when the subtest does, or when something hangs.
func (c check) ctx() context.Context {
	ctx, cancel := context.WithTimeout(c.Context(), 3*patience)
	c.Cleanup(cancel)
	return ctx
}

// config returns the target's, for the subtest to change.
func (c check) config() registry.Config { return c.Config.Clone() }

// pool returns the target's config with a limit on the connections.
func (c check) pool(most int) registry.Config {
	cfg := c.config()
	cfg.Pool = registry.Pool{Max: most}
	return cfg
}

// options are what every open of this suite has. What comes later overrides what comes first.
func (c check) options(j *journal, opts []conn.Option) []conn.Option {
	return append([]conn.Option{
		conn.WithRegistry(c.registry), conn.WithObserver(j.bus), conn.WithName("drivertest"),
	}, opts...)
}

// withRetry is cfg with attempts that follow each other soon, unless it says itself when they do.
func withRetry(cfg registry.Config) registry.Config {
	if cfg.Retry.Delay == 0 && cfg.Retry.Max == 0 {
		cfg.Retry = quick
	}
	return cfg
}

func (c check) try(ctx context.Context, cfg registry.Config, opts []conn.Option) (db *conn.Conn, j *journal, err error) {
	c.Helper()
	j = c.journal()
	err = c.wait(func() error {
		db, err = conn.Open(ctx, withRetry(cfg), c.options(j, opts)...)
		return err
	})
	return db, j, err
}

// open opens a database that can be opened, and closes it after the subtest.
func (c check) open(cfg registry.Config, opts ...conn.Option) *conn.Conn {
	c.Helper()
	db, _ := c.record(cfg, opts...)
	return db
}

// record is open, with the events.
func (c check) record(cfg registry.Config, opts ...conn.Option) (*conn.Conn, *journal) {
	c.Helper()
	db, j, err := c.try(c.ctx(), cfg, opts)
	if err != nil {
		c.Fatalf("cannot open %v: %v", cfg, err)
	}
	c.Cleanup(func() {
		if err := db.Close(); err != nil {
			c.Errorf("Close: %v", err)
		}
	})
	return db, j
}

// fail opens a database that cannot be opened.
func (c check) fail(ctx context.Context, cfg registry.Config, opts ...conn.Option) (*conn.Error, *journal) {
	c.Helper()
	db, j, err := c.try(ctx, cfg, opts)
	if err == nil {
		c.close(db)
		c.Fatalf("opened %v, which was to fail", cfg)
	}
	var e *conn.Error
	if !errors.As(err, &e) {
		c.Fatalf("the error of Open is a %T, not a *conn.Error: %v", err, err)
	}
	return e, j
}

// statement puts the dialect's parameters in the place of question marks.
func (c check) statement(query string) string {
	var b strings.Builder
	n := 0
	for before, rest, found := strings.Cut(query, "?"); ; before, rest, found = strings.Cut(rest, "?") {
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteString(c.info.Placeholder.Nth(n))
	}
}

// executor is what a *conn.Conn, a *sql.Conn and a *sql.Tx have in common.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// exec runs a statement that must succeed.
func (c check) exec(db executor, query string, args ...any) sql.Result {
	c.Helper()
	result, err := db.ExecContext(c.ctx(), c.statement(query), args...)
	if err != nil {
		c.Fatalf("%s: %v", query, err)
	}
	return result
}

// one returns the only column of the only row that a query answers with.
func one[T any](c check, db executor, query string, args ...any) T {
	c.Helper()
	var value T
	if err := db.QueryRowContext(c.ctx(), c.statement(query), args...).Scan(&value); err != nil {
		c.Fatalf("%s: %v", query, err)
	}
	return value
}

// works fails the subtest unless the database answers.
func (c check) works(db executor) {
	c.Helper()
	if err := c.run(c.ctx(), db, c.testQuery()); err != nil {
		c.Fatalf("%s: %v", c.testQuery(), err)
	}
}

func (c check) testQuery() string { return cmp.Or(c.info.TestQuery, "SELECT 1") }

// table creates a table that is dropped after the subtest, and returns its name.
func (c check) table(db *conn.Conn, columns string) string {
	c.Helper()
	name := "drivertest_" + unique()
	c.exec(db, "CREATE TABLE "+name+" ("+columns+")")
	c.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := db.ExecContext(ctx, "DROP TABLE "+name); err != nil {
			c.Errorf("DROP TABLE %s: %v", name, err)
		}
	})
	return name
}

// numbers creates a table with one column, of integers, n.
func (c check) numbers(db *conn.Conn, values ...int) string {
	c.Helper()
	name := c.table(db, "n "+c.Columns.Int)
	for _, n := range values {
		c.exec(db, "INSERT INTO "+name+" (n) VALUES (?)", n)
	}
	return name
}

// hold takes n connections out of the pool at the same time, until the subtest ends or they are closed.
func (c check) hold(db *conn.Conn, n int) []*sql.Conn {
	c.Helper()
	var held []*sql.Conn
	for range n {
		one, err := db.Conn(c.ctx())
		if err != nil {
			c.Fatalf("connection %d of %d: %v", len(held)+1, n, err)
		}
		c.Cleanup(func() {
			if err := one.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
				c.Errorf("returning a connection: %v", err)
			}
		})
		held = append(held, one)
	}
	return held
}

// wait runs f, which must not use the check, and ends the subtest if it is not done in time.
func (c check) wait(f func() error) error {
	c.Helper()
	return c.together(1, f)[0]
}

// together is wait for n at the same time.
func (c check) together(n int, f func() error) []error {
	c.Helper()
	results := make(chan error, n)
	for range n {
		go func() { results <- f() }()
	}
	var errs []error
	for late := time.After(patience); len(errs) < n; {
		select {
		case err := <-results:
			c.see(err)
			errs = append(errs, err)
		case <-late:
			c.Fatalf("not done after %v", patience)
		}
	}
	return errs
}

// run runs a statement and takes its rows.
func (c check) run(ctx context.Context, db executor, query string) error {
	c.Helper()
	return c.wait(func() error { return run(ctx, db, query) })
}

func run(ctx context.Context, db executor, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

// eventually waits until ok returns true.
func eventually(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// unique returns letters and digits that are nowhere else.
func unique() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails: https://pkg.go.dev/crypto/rand#Read
	return hex.EncodeToString(b)
}

// Package conn opens databases: from a [Config] it makes a pool of tested connections, a [*Conn], which is a
// [*sql.DB] that also knows its name, its dialect and what its errors mean. Programs call [Open], and package
// manager does for those that keep several databases. It names no dialect, has no part in a query, and never
// wraps a driver's connections, so that [sql.Conn.Raw] yields the driver's own type.
package conn

import (
	"database/sql"
	"sync"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// Conn is an open database. It is used like the [*sql.DB] that it embeds, from any number of goroutines, and
// must be closed; closing the embedded DB does as well.
type Conn struct {
	*sql.DB
	cfg  Config
	pool *connector
}

// Name returns the name that the connection was opened under, "__default__" if none was given.
func (c *Conn) Name() string { return c.pool.name }

// Dialect returns the dialect that an alias in the config stands for, such as "postgres" for "pg".
func (c *Conn) Dialect() string { return c.pool.dialect }

// Info describes the dialect.
func (c *Conn) Info() registry.Info { return c.pool.driver.Info() }

// Config returns the config that the connection was opened with, as it was before [ServerOnly] changed the database.
func (c *Conn) Config() Config { return c.cfg.Clone() }

// Kind tells the kind of an error that this connection returned; see [KindOf].
func (c *Conn) Kind(err error) Kind { return kindOf(err, c.pool.driver) }

// Close closes the pool: its idle connections at once, those in use when they are returned. It is idempotent;
// only the first call can return an error, which is an [*Error]. The bus gets a [Closed] event, or, if closing
// failed, an [observer.Error].
func (c *Conn) Close() error {
	isClosing := c.pool.reporting.Swap(true) // the error of the whole is known here, and in the connector only its part
	c.pool.end()
	err := c.DB.Close()
	if err == nil && isClosing {
		return nil // whoever is closing it knows how that ends
	}
	return c.pool.closed(err)
}

// OnClose has fn called when the pool is closed, in whatever way, [sql.DB.Close] included: once, on the goroutine
// that closes it, before the bus hears of it. If that has begun already, fn is not called and OnClose returns
// false.
func (c *Conn) OnClose(fn func()) bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if c.pool.ended {
		return false
	}
	c.pool.onClose = append(c.pool.onClose, fn)
	return true
}

// lifetime is the end of a pool, told once.
type lifetime struct {
	opened    atomic.Bool // an Opened event went out, so that its counterpart must follow
	reporting atomic.Bool // Conn.Close is running and will report
	reported  atomic.Bool

	mu      sync.Mutex
	ended   bool
	onClose []func()
}

// end tells those who asked by OnClose.
func (l *lifetime) end() {
	l.mu.Lock()
	fns := l.onClose
	l.ended, l.onClose = true, nil
	l.mu.Unlock()
	for _, fn := range fns {
		fn()
	}
}

// closed tells the bus, once, how closing ended, and returns the error with all that belongs to it.
func (c *connector) closed(err error) error {
	if err != nil {
		err = c.explain(err, 0)
	}
	switch {
	case !c.opened.Load() || c.reported.Swap(true):
	case err != nil:
		emit(c.bus, observer.Error{Source: "connection", Err: err})
	default:
		emit(c.bus, Closed{Name: c.name, Dialect: c.dialect})
	}
	return err
}

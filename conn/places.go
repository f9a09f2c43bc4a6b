package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"reflect"
	"time"
)

// database/sql counts a place as taken for good where the driver panics in what it is asked between queries: to reset,
// to validate or to close a connection. These functions make up for that, and return when the driver does not.

// take gets a connection out of the pool. decide, which may be nil, is asked before the pool opens a new one, and may refuse that.
func (c *connector) take(ctx context.Context, l *limit, decide func() error) (*sql.Conn, error) {
	if decide != nil {
		ctx = context.WithValue(ctx, dialKey{}, decide)
	}
	var one *sql.Conn
	gone, err := c.call(ctx, l, func(ctx context.Context) error {
		return c.keepPlace(func() (err error) {
			one, err = c.db.Conn(ctx)
			return err
		})
	}, func(err error) {
		if err == nil {
			c.release(one)
		}
	})
	if gone {
		return nil, err
	}
	return one, err
}

// takeIdle is take for a connection that is idle already.
func (c *connector) takeIdle(ctx context.Context, patience time.Duration) (*sql.Conn, error) {
	return c.take(ctx, &limit{from: time.Now(), after: patience}, func() error { return errNotIdle })
}

var errNotIdle = errors.New("no connection is idle")

// release gives a connection back to the pool.
func (c *connector) release(one *sql.Conn) { c.letGo(one, false) }

// retire closes a connection for good. Not every driver tells database/sql that one is dead.
func (c *connector) retire(one *sql.Conn) { c.letGo(one, true) }

// letGo is for a connection that is not the caller's any more. Where the driver panics over it, the sockets are closed, which may
// be all that is left of the connection.
func (c *connector) letGo(one *sql.Conn, dead bool) {
	err := do(over, func() error {
		returned, sockets := false, c.loginOf(one).sockets()
		defer func() {
			if !returned {
				sockets.Close()
			}
		}()
		_ = c.keepPlace(func() error { // which fails only for a connection that is closed already
			if dead { // https://pkg.go.dev/database/sql#Conn.Raw
				return one.Raw(func(any) error { return driver.ErrBadConn })
			}
			return one.Close()
		})
		returned = true
		return nil
	})
	c.leave(err)
}

// leave remembers what the driver goes on with, for the end of the pool.
func (c *connector) leave(err error) {
	hang, ok := err.(*HangError)
	if !ok {
		return
	}
	c.places.Lock()
	defer c.places.Unlock()
	for other := range c.left {
		if other.isOver() {
			delete(c.left, other)
		}
	}
	if c.left == nil {
		c.left = make(map[*HangError]struct{})
	}
	c.left[hang] = struct{}{}
}

// awaitLeft waits until the driver has returned from all that it was left with.
func (c *connector) awaitLeft() {
	c.places.Lock()
	left := c.left
	c.left = nil
	c.places.Unlock()
	for hang := range left {
		<-hang.done
	}
}

// identity returns the driver's connection if it can be compared, or nil.
func identity(one *sql.Conn) (found any) {
	_ = one.Raw(func(dc any) error { // which fails only for one that is closed already
		if reflect.ValueOf(dc).Comparable() {
			found = dc
		}
		return nil
	})
	return found
}

// closeIdle closes the idle connections, whatever the driver does, and keeps no more from now on. It lowers the limit one by one,
// since database/sql forgets the rest when the driver panics over one of several, from as many as are open: one that is given
// back meanwhile is idle then, too. The error is that of the first panic: what else goes wrong database/sql keeps to itself.
func (c *connector) closeIdle() (first error) {
	for n := max(c.db.Stats().OpenConnections-1, 0); n >= 0; n-- {
		err := do(over, func() error {
			return c.keepPlace(func() error {
				c.db.SetMaxIdleConns(n)
				return nil
			})
		})
		c.leave(err)
		if first == nil && is[*PanicError](err) {
			first = err
		}
	}
	return first
}

// keepPlace calls f, a function of database/sql, and makes up for a place in the pool if the driver panics in it.
func (c *connector) keepPlace(f func() error) error {
	returned := false
	defer func() {
		if !returned {
			c.forfeit()
		}
	}()
	err := f()
	returned = true
	return err
}

// forfeit raises the limit by the place that database/sql has lost.
func (c *connector) forfeit() {
	c.places.Lock()
	c.lost++
	most := c.db.Stats().MaxOpenConnections
	if most > 0 {
		c.db.SetMaxOpenConns(most + 1)
	}
	c.places.Unlock()
	if most > 0 && !c.ending.Load() {
		go c.wake()
	}
}

// wake makes database/sql look whether it can open connections for those who wait, which it does after one that could
// not be opened.
func (c *connector) wake() {
	if one, err := c.takeIdle(context.Background(), grace); err == nil {
		c.release(one)
	}
}

// sweep closes the sockets of connections that only lost places stand for. Others are the driver's to close: its tests must be able
// to see that it does not.
func (c *connector) sweep() {
	if s := c.stats(); s.OpenConnections == 0 && s.OpenConnections != c.db.Stats().OpenConnections {
		c.sockets.Close()
	}
}

// stats is without the places that were lost.
func (c *connector) stats() *sql.DBStats {
	c.places.Lock()
	s := c.db.Stats()
	lost := int(c.lost)
	s.InUse -= lost
	s.OpenConnections -= lost
	if s.MaxOpenConnections > 0 {
		s.MaxOpenConnections -= lost
	}
	c.places.Unlock()
	return &s
}

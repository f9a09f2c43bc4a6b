package conn

import (
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/internal/inorder"
)

// laziness is what is known of a pool whose Open did not wait for the database, until the first connection.
type laziness struct {
	since    time.Time    // Open was called
	attempts atomic.Int64 // to connect
	up       atomic.Bool  // one has succeeded
	failure  *Error       // of the last attempt; nil: there was none
	said     time.Time    // when the bus heard of a failure

	events inorder.Events // that the database is open, and closed, which a listener of the first may do
}

// mostTold is how often the bus hears that a lazy pool is not up, if it fails in the same way each time: callers may ask
// much more often.
const mostTold = time.Second

// tried notes how an attempt to connect ended, and tells the bus: of failures until the first success, and of that.
func (c *connector) tried(err error) {
	l := c.lazy
	if l.up.Load() {
		return
	}
	var failure *Error
	if err != nil {
		if failure = c.explain(err, 0); failure.Kind == KindCanceled {
			return // by the caller, which tells nothing of the database
		}
	}
	c.mu.Lock()
	if l.up.Load() || c.ending.Load() {
		c.mu.Unlock()
		return
	}
	attempts := int(l.attempts.Add(1))
	if failure != nil {
		failure.Attempts = attempts
		tell := l.failure == nil || l.failure.Kind != failure.Kind || time.Since(l.said) >= mostTold
		l.failure = failure
		if tell {
			l.said = time.Now()
		}
		c.mu.Unlock()
		if tell {
			c.emit(Failed{c.name, c.dialect, failure.Kind, failure.Hint, failure})
		}
		return
	}
	l.up.Store(true)
	l.failure = nil
	c.isOpen.Store(true)
	l.events.Add(Opened{c.name, c.dialect, attempts, time.Since(l.since)})
	c.mu.Unlock()
	defer l.events.Send(c.bus) // also where a listener ends the goroutine
	l.events.Send(c.bus)
}

// Pending reports whether the database was opened with Config.Lazy and nothing has connected to it yet. err is why the last
// attempt failed, an [*Error] with their number; nil if there was none.
func (c *Conn) Pending() (pending bool, err error) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	l := c.pool.lazy
	if l == nil {
		return false, nil
	}
	if l.failure != nil {
		err = l.failure
	}
	return !l.up.Load(), err
}

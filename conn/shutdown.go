package conn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// moment is what closing may take even when there is no time at all: a pool at rest is closed in good order
// whatever the context says.
const moment = 100 * time.Millisecond

// Shutdown closes the pool for new work, waits until the connections in use have been returned, and closes
// them. If ctx ends first it aborts, as [Conn.Abort] does, with the context's cause: then something was lost. It
// returns soon after ctx has ended, even if the driver does not.
// The error is an [*Error]; the bus gets a [Closed] event, or, if closing failed, an [observer.Error].
func (c *Conn) Shutdown(ctx context.Context) error {
	return c.pool.closed(c.settle(ctx, c.startClosing()))
}

// Abort closes the pool and cuts the network connections that are still in use, so that what runs on them
// fails at once. A connection to a file cannot be cut: a statement there ends with its context. A cause says
// that the pool could not be closed in good order and is reported as the failure to do so; it may be nil.
func (c *Conn) Abort(cause error) error {
	return c.pool.closed(c.cut(cause, c.startClosing()))
}

// startClosing closes the pool on another goroutine, because nobody knows how long a driver takes for that.
func (c *Conn) startClosing() <-chan error {
	c.pool.reporting.Store(true)
	c.pool.end()
	closed := make(chan error, 1)
	go func() { closed <- c.DB.Close() }()
	return closed
}

// settle waits until the pool has been closed and no connection is left. database/sql tells nobody when a
// connection is returned to a closed pool, so that has to be asked for again and again.
func (c *Conn) settle(ctx context.Context, closed <-chan error) (err error) {
	var hurry <-chan struct{} // nil until the moment is over
	patience := time.NewTimer(moment)
	defer patience.Stop()
	delay := time.Millisecond
	poll := time.NewTimer(delay)
	defer poll.Stop()
	for {
		select {
		case err = <-closed:
			closed = nil
		case <-poll.C:
			delay = min(2*delay, moment)
			poll.Reset(delay)
		case <-patience.C:
			hurry = ctx.Done()
		case <-hurry:
			return and(c.cut(context.Cause(ctx), closed), err)
		}
		if closed == nil && c.DB.Stats().OpenConnections == 0 {
			return err
		}
	}
}

// cut ends by force what is still there. closed is nil if the pool has been closed already.
func (c *Conn) cut(cause error, closed <-chan error) error {
	if n := c.DB.Stats().OpenConnections; n > 0 && cause != nil {
		cause = fmt.Errorf("%w; connections cut off: %d", cause, n)
	}
	c.pool.sockets.cut()
	if closed == nil {
		return cause
	}
	select {
	case err := <-closed:
		if errors.Is(err, net.ErrClosed) || c.Kind(err) == KindLost { // what a driver says that wants to close what was cut
			err = nil
		}
		return and(cause, err)
	case <-time.After(moment):
		return and(cause, errNotClosed)
	}
}

// and joins two errors, of which each may be nil, in one line.
func and(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return fmt.Errorf("%w; %w", a, b)
}

var errNotClosed = errors.New("the driver takes its time to close what was cut off")

// Trim closes the idle connections and keeps none from now on, Pool.Min included: for a pool that will hardly be
// used any more. Queries still work, each on a connection of its own.
func (c *Conn) Trim() {
	if c.pool.keeper != nil {
		c.pool.keeper.stop()
	}
	c.DB.SetMaxIdleConns(-1)
}

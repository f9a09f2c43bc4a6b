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
// them. If ctx ends first it cuts the network connections that are left, as [Conn.Abort] does, and fails with
// the context's cause: then something was lost. It returns soon after ctx has ended, even if the driver does not.
// The error is an [*Error]; the bus gets a [Closed] event, or, if closing failed, an [observer.Error].
func (c *Conn) Shutdown(ctx context.Context) error {
	c.pool.reporting.Store(true)
	c.pool.end()
	closed := make(chan error, 1)
	go func() { closed <- c.DB.Close() }()
	err := c.settle(ctx, closed)
	if err != nil {
		err = c.pool.explain(err, 0)
	}
	c.pool.reportClosed(err)
	return err
}

// settle waits until the pool has been closed and no connection is left. database/sql tells nobody when a
// connection is returned to a closed pool, so that has to be asked for again and again.
func (c *Conn) settle(ctx context.Context, closed <-chan error) (err error) {
	var (
		done     bool
		hurry    <-chan struct{} // nil until the moment is over
		delay    = time.Millisecond
		poll     = time.NewTimer(delay)
		patience = time.NewTimer(moment)
	)
	defer poll.Stop()
	defer patience.Stop()
	for {
		select {
		case err = <-closed:
			done, closed = true, nil
		case <-poll.C:
			delay = min(2*delay, moment)
			poll.Reset(delay)
		case <-patience.C:
			hurry = ctx.Done()
		case <-hurry:
			return c.cut(ctx, closed, done)
		}
		if done && c.DB.Stats().OpenConnections == 0 {
			return err
		}
	}
}

// cut ends what is still there by force.
func (c *Conn) cut(ctx context.Context, closed <-chan error, done bool) error {
	left := c.DB.Stats().OpenConnections
	c.pool.sockets.cut()
	var err error
	if !done {
		select {
		case err = <-closed:
			if errors.Is(err, net.ErrClosed) { // what a driver says when it wants to close what was cut
				err = nil
			}
		case <-time.After(moment):
		}
	}
	return errors.Join(fmt.Errorf("%w; connections cut off: %d", context.Cause(ctx), left), err)
}

// Trim closes the idle connections and keeps none from now on, Pool.Min included: for a pool that will hardly be
// used any more. Queries still work, each on a connection of its own.
func (c *Conn) Trim() {
	if c.pool.keeper != nil {
		c.pool.keeper.stop()
	}
	c.DB.SetMaxIdleConns(-1)
}

package conn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/observer"
)

// errClosed says what database/sql says of a pool that was closed.
var errClosed = errors.New("sql: database is closed")

// lifetime is the end of a pool, which any of several functions can begin and of which the bus hears once.
type lifetime struct {
	isOpen  atomic.Bool    // the bus has heard of the opening, or is about to, and not yet of the end
	ending  atomic.Bool    // end was called
	closing sync.WaitGroup // ends when the driver has closed
	lazy    *laziness      // nil: Open waits for the database

	mu      sync.Mutex // held to change what precedes, and guards what follows
	onClose []func()
}

// end calls the functions of OnClose. It reports whether this is the first call, whose caller has to tell the bus.
func (l *lifetime) end() (first bool) {
	l.mu.Lock()
	first = !l.ending.Swap(true)
	fns := l.onClose
	l.onClose = nil
	l.mu.Unlock()
	for _, fn := range fns {
		fn()
	}
	return first
}

// closed tells the bus how closing ended, unless it has been told, and returns the error with all that belongs to it.
func (c *connector) closed(err error) error {
	var ended observer.Event = Closed{c.name, c.dialect}
	if err != nil {
		e := c.explain(err, 0)
		if e.Kind == KindTimeout {
			e.Hint = "" // those for connecting
		}
		err = e
		ended = observer.Error{Source: "connection", Err: err}
	}
	c.mu.Lock()
	tells := c.isOpen.Swap(false)
	if tells && c.lazy != nil {
		c.lazy.events.Add(ended)
	}
	c.mu.Unlock()
	switch {
	case !tells:
	case c.lazy != nil:
		c.lazy.events.Send(c.bus)
	default:
		c.emit(ended)
	}
	return err
}

// OnClose registers fn to be called once when the pool is closed, in whatever way, [sql.DB.Close] included: on the
// goroutine that closes it, before the bus hears of it. If that has begun already, fn is not called and OnClose
// returns false.
func (c *Conn) OnClose(fn func()) bool {
	c.pool.mu.Lock()
	inTime := !c.pool.ending.Load()
	if inTime {
		c.pool.onClose = append(c.pool.onClose, fn)
	}
	c.pool.mu.Unlock()
	return inTime
}

// Close closes the pool: its idle connections at once, those in use when they are returned. It is idempotent;
// only the first call can return an error, which is an [*Error]. If the driver takes longer than the connect timeout,
// that is an error, and closing goes on. What a driver says of an idle connection that it cannot close is lost in
// database/sql, unless the driver panics. The bus gets a [Closed] event, or, if closing failed, an [observer.Error].
func (c *Conn) Close() error {
	return c.closeBoth(func(c *Conn) error { return c.close(context.Background()) })
}

// close is Close with a context that bounds it as well.
func (c *Conn) close(ctx context.Context) error {
	if !c.pool.end() {
		return nil // the first caller tells how it ends
	}
	closed := c.startClosing()
	return c.pool.closed(c.pool.within(ctx, c.pool.toClose(), func(ctx context.Context) error {
		select {
		case err := <-closed:
			return err
		case <-ctx.Done():
			return soon(closed, grace)
		}
	}))
}

// soon is the error that closing ends with, errNotClosed if it takes longer than that.
func soon(closed <-chan error, patience time.Duration) error {
	select {
	case err := <-closed:
		return err
	case <-time.After(patience):
		return errNotClosed
	}
}

// Shutdown closes the pool for new work, waits until the connections in use have been returned, and closes
// them. If ctx ends first it aborts, as [Conn.Abort] does, with the context's cause: then something was lost, and the
// kind is [KindTimeout] if its deadline is over, else [KindCanceled]. It returns soon after ctx has ended, even if the
// driver does not.
// The error is an [*Error]; the bus gets a [Closed] event, or, if closing failed, an [observer.Error].
func (c *Conn) Shutdown(ctx context.Context) error {
	return c.closeBoth(func(c *Conn) error {
		c.pool.end()
		return c.pool.closed(c.settle(ctx, c.startClosing()))
	})
}

// Abort closes the pool and cuts the network connections that are still in use, so that what runs on them
// fails at once. A connection to a file cannot be cut: a statement there ends with its context. A cause says
// why the pool could not be closed cleanly, and is reported as the failure to do so; it may be nil.
func (c *Conn) Abort(cause error) error {
	return c.closeBoth(func(c *Conn) error {
		c.pool.end()
		return c.pool.closed(c.cut(cause, c.startClosing()))
	})
}

// startClosing closes the pool on another goroutine, because nobody knows how long a driver takes for that. Its idle
// connections are closed before, so that the driver is not asked to close one while database/sql closes the pool: it gets
// no further when the driver panics then, and leaves a goroutine behind.
func (c *Conn) startClosing() <-chan error {
	closed := make(chan error, 1)
	go func() {
		if c.pool.keeper != nil {
			c.pool.keeper.stop() // or else it would return connections meanwhile
		}
		first := c.pool.closeIdle()
		err := c.DB.Close()
		c.pool.closing.Wait() // if another goroutine is closing it, DB.Close does not wait for that
		c.pool.awaitLeft()
		c.pool.sweep()
		closed <- and(first, "; ", err)
	}()
	return closed
}

// settle waits until the pool has been closed and no connection is left. database/sql tells nobody when a
// connection is returned to a closed pool, so that has to be asked for again and again.
func (c *Conn) settle(ctx context.Context, closed <-chan error) (err error) {
	var end <-chan struct{} // nil until the grace is over
	patience := time.NewTimer(grace)
	defer patience.Stop()
	delay := time.Millisecond
	poll := time.NewTimer(delay)
	defer poll.Stop()
	for {
		select {
		case err = <-closed:
			closed = nil
		case <-poll.C:
			delay = min(2*delay, grace)
			poll.Reset(delay)
		case <-patience.C:
			end = ctx.Done()
		case <-end:
			cause := error(canceled(context.Cause(ctx), "connections were in use", nil))
			return and(c.cut(cause, closed), "; ", err)
		}
		if closed == nil && c.pool.stats().OpenConnections == 0 {
			c.pool.sweep()
			return err
		}
	}
}

// cut ends by force what is still there. closed is nil if the pool has been closed already. A deadline that has passed
// before that was given for closing, so it is a timeout.
func (c *Conn) cut(cause error, closed <-chan error) error {
	if cause != nil {
		if n := c.pool.stats().OpenConnections; n > 0 {
			cause = fmt.Errorf("%w; connections cut off: %d", cause, n)
		}
		if errors.Is(cause, context.DeadlineExceeded) {
			cause = &endError{KindTimeout, cause}
		}
	}
	c.pool.sockets.Close()
	if closed == nil {
		return cause
	}
	err := soon(closed, 2*grace) // of which a connection that hangs has one
	switch {
	case err == errNotClosed:
		err = &endError{KindTimeout, err}
	case errors.Is(err, net.ErrClosed) || c.Diagnose(err).Kind == KindLost: // what a driver says that wants to close what was cut
		err = nil
	}
	return and(cause, "; ", err)
}

// drop closes a pool that was never handed out, and returns why it did not open. What cannot be closed is of no use to a
// caller who gets that, but that the driver is still at it is.
func (c *Conn) drop(err error) error {
	c.pool.end()
	if c.reader != nil { // it has no connection
		c.pool.leave(do(over, c.reader.pool.Close))
	}
	closed := c.startClosing()
	if soon(closed, 2*grace) != errNotClosed {
		closed = nil
	}
	if !errors.Is(c.cut(nil, closed), errNotClosed) { // a driver may take leave in the background
		return err
	}
	hang := &HangError{make(chan struct{})}
	go func() {
		defer close(hang.done)
		<-closed
		if inner, ok := errors.AsType[*HangError](err); ok {
			<-inner.done
		}
	}()
	return &leavingError{err, hang}
}

// leavingError is an error after which the driver is still closing its connections. It reads like the error alone.
type leavingError struct {
	error
	hang *HangError
}

func (e *leavingError) Unwrap() []error { return []error{e.hang, e.error} }

var errNotClosed = errors.New("the driver is still closing its connections")

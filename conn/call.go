package conn

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// PanicError is the cause of a failure where a driver panicked, or ended its goroutine, while it opened, tested or
// closed a connection. What a program does with its connections itself passes by this package, panics included.
type PanicError struct {
	Value any    // what it panicked with; nil if it called [runtime.Goexit]
	Stack []byte // where, as [debug.Stack] writes it
}

// Error says what the driver panicked with.
func (e *PanicError) Error() string {
	if e.Value == nil {
		return "the driver called runtime.Goexit"
	}
	return fmt.Sprintf("the driver panicked: %v", e.Value)
}

// Unwrap returns the value of the panic if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// grace is what a driver may take to return once its context has ended, and what closing may take even when there is no
// time at all: a pool at rest is closed in good order whatever the context says.
const grace = 100 * time.Millisecond

// HangError is the cause of a failure where the driver does not return although its context has ended, or goes on closing
// what did not open. What it still opens is closed.
type HangError struct{ done chan struct{} }

// Error says that.
func (*HangError) Error() string { return "the driver goes on although its context has ended" }

// Done returns a channel that is closed when the driver has returned after all.
func (e *HangError) Done() <-chan struct{} { return e.done }

func (e *HangError) isOver() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// over is a context that has ended, for what is to be waited for no longer than the grace.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// call has f call a driver, as guard does, within a limit. gone says that f goes on, and that what it sets is its own.
func (c *connector) call(ctx context.Context, l *limit, f func(context.Context) error, late func(error)) (gone bool, err error) {
	err = c.within(ctx, l, func(ctx context.Context) error {
		err := guard(ctx, func() error { return f(ctx) }, late)
		_, gone = err.(*HangError)
		return err
	})
	return gone, err
}

// do is guard for what may go on as it likes.
func do(ctx context.Context, f func() error) error { return guard(ctx, f, nil) }

// guard runs f, which calls a driver, on a goroutine of its own, because a driver may panic, end its goroutine or not
// return. If f has not returned a moment after ctx has ended, the error is a *HangError, and late, which may be nil,
// gets what it returns then.
func guard(ctx context.Context, f func() error, late func(error)) error {
	answer, hang := make(chan error, 1), &HangError{make(chan struct{})}
	var left atomic.Bool // by f, or by the one who waits for it
	go func() {
		var err error
		returned := false
		defer func() {
			if !returned {
				err = &PanicError{nil, debug.Stack()}
			}
			if !left.Swap(true) {
				answer <- err
				return
			}
			defer close(hang.done)
			if late != nil {
				late(err)
			}
			if inner, ok := errors.AsType[*HangError](err); ok {
				<-inner.done // f has left the driver, which is what goes on
			}
		}()
		err = recovered(f)
		returned = true
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-answer:
		return err
	case <-time.After(grace):
	}
	if !left.Swap(true) {
		return hang
	}
	return <-answer
}

// recovered calls f and makes an error of a panic.
func recovered(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{value, debug.Stack()}
		}
	}()
	return f()
}

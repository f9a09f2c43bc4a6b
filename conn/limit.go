package conn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// limit bounds a wait. As an error, it says that the wait was longer.
type limit struct {
	from  time.Time
	after time.Duration // 0: the wait ends with the caller's context alone
	what  string        // is said of the time that was given: "no connection within the connect timeout of"
	doing string        // follows "while"
}

func (l *limit) Error() string { return fmt.Sprintf("%s %v", l.what, l.after) }

// toConnect is the limit of what began at from and leads to a usable connection.
func (c *connector) toConnect(from time.Time, doing string) *limit {
	return &limit{from, c.timeout, "no connection within the connect timeout of", doing}
}

// toClose is the limit of what closing asks of the driver.
func (c *connector) toClose() *limit {
	return &limit{time.Now(), c.patience(), "not closed within", "closing"}
}

// patience is the connect timeout for what must end although the config has none.
func (c *connector) patience() time.Duration {
	return cmp.Or(c.timeout, registry.DefaultConnectTimeout)
}

// endError is an error whose kind is known because of what ended: the context of the caller, or a time.
type endError struct {
	kind Kind
	err  error
}

func (e *endError) Error() string { return e.err.Error() }
func (e *endError) Unwrap() error { return e.err }

// Timeout makes it a timeout for code that asks as [net.Error] does.
func (e *endError) Timeout() bool { return e.kind == KindTimeout }

// within calls f with a context that ends with ctx or the limit, and tells by what has ended what its error means:
// where it was the context of the caller, it is canceled, and whatever else ends by time is a timeout. The error alone
// cannot tell: that of package net for a timeout answers to errors.Is(err, context.DeadlineExceeded).
func (c *connector) within(ctx context.Context, l *limit, f func(context.Context) error) error {
	if l.after > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, l.from.Add(l.after), &endError{KindTimeout, l})
		defer cancel()
	}
	err := f(ctx)
	if err == nil || is[*endError](err) {
		return err
	}
	if !ended(ctx) {
		return c.unasked(err)
	}
	cause := context.Cause(ctx)
	if timeout, ok := cause.(*endError); ok { // of this limit, or of one around it
		return &endError{timeout.kind, and(timeout, ": ", err)}
	}
	return canceled(cause, l.doing, err)
}

// ended reports whether ctx has ended. Of two timers for the same deadline that of a dialer may be the quicker one.
func ended(ctx context.Context) bool {
	if end, ok := ctx.Deadline(); ok && !time.Now().Before(end) {
		select {
		case <-ctx.Done():
		case <-time.After(grace):
		}
	}
	return ctx.Err() != nil
}

// canceled is the error for what ended with the context of the caller.
func canceled(cause error, doing string, err error) *endError {
	if err == cause || err == context.Canceled || err == context.DeadlineExceeded {
		err = nil // which says no more
	}
	return &endError{KindCanceled, and(fmt.Errorf("%w while %s", cause, doing), ": ", err)}
}

// unasked is err where no context of a caller has ended, so that it was one of the driver or of the dialer if its kind
// says so.
func (c *connector) unasked(err error) error {
	switch {
	case diagnose(err, c.driver).Kind != KindCanceled:
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return &endError{KindTimeout, err}
	}
	return &endError{KindUnknown, err}
}

// and joins two errors, of which each may be nil, in one line.
func and(a error, between string, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return fmt.Errorf("%w%s%w", a, between, b)
}

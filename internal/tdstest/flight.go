package tdstest

import (
	"context"
	"errors"
	"sync"
)

// Reasons for a request to end before its time.
var (
	errAttention = errors.New("the client canceled the request")
	errKilled    = errors.New("the session was killed")
	errShutdown  = errors.New("the server shut down")
	errClosed    = errors.New("the server was closed")
	errGone      = errors.New("the client closed the connection")
	errTwo       = errors.New("the client sent a request before it had the answer to the last, which takes MARS")
)

// flight is the request that is being worked on, from the moment that it is read. It decides the race between the
// end of a request and what cuts it short: exactly one of them comes first.
type flight struct {
	mu     sync.Mutex
	cancel context.CancelCauseFunc // nil: no request
	ctx    context.Context
}

// start begins a request, whose context ends with it. ok is false while there is one already.
func (f *flight) start(parent context.Context) (ctx context.Context, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel != nil {
		return nil, false
	}
	f.ctx, f.cancel = context.WithCancelCause(parent)
	return f.ctx, true
}

// cut ends the request, if there is one, which it reports.
func (f *flight) cut(why error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel == nil {
		return false
	}
	f.cancel(why)
	return true
}

// end is the end of the request. It returns why the request was cut short; nil if it was not.
func (f *flight) end() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	why := context.Cause(f.ctx)
	f.cancel(nil)
	f.cancel = nil
	return why
}

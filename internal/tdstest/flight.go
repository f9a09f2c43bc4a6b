package tdstest

import (
	"context"
	"errors"
	"sync"
)

// Reasons for a request to end before its time.
var (
	errAttention = errors.New("the client cancelled the request")
	errKilled    = errors.New("the session was killed")
	errShutdown  = errors.New("the server shut down")
	errClosed    = errors.New("the server was closed")
	errGone      = errors.New("the client closed the connection")
)

// flight is the request that is being worked on. It decides the race between the end of a request and what cuts it
// short: exactly one of them comes first.
type flight struct {
	mu     sync.Mutex
	cancel context.CancelCauseFunc // nil: no request
	ctx    context.Context
}

// start begins a request. Its context ends with it.
func (f *flight) start(parent context.Context) context.Context {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ctx, f.cancel = context.WithCancelCause(parent)
	return f.ctx
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

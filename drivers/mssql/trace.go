//go:build mssql || alldrivers

package mssql

import "sync"

// trace is what is seen of a login on the network, of which the driver makes text or nothing. It refers to nothing
// else: errors refer to network connections, and those to it.
type trace struct {
	mu    sync.Mutex
	heard bool  // the server has answered
	cause error // the first error
}

func (t *trace) answered() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heard = true
}

func (t *trace) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause == nil {
		t.cause = err
	}
}

func (t *trace) seen() (heard bool, cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heard, t.cause
}

package mssql

import (
	"net"
	"sync"
)

// socket is the network connection of one login, and then of the session.
type socket struct {
	net.Conn
	trace *trace
}

func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if n > 0 {
		s.trace.answered()
	}
	if err != nil {
		s.trace.fail(err)
	}
	return n, err
}

func (s *socket) Write(p []byte) (int, error) {
	n, err := s.Conn.Write(p)
	if err != nil {
		s.trace.fail(err)
	}
	return n, err
}

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

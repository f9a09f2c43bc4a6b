package tdstest

import (
	"crypto/tls"
	"slices"
	"testing"
	"time"
)

// Connection is what is known of one connection, whatever became of it.
type Connection struct {
	ID       int       // the session ID, which @@SPID gives: 51 for the first connection
	Prelogin *Prelogin // nil: none came
	TLS      *TLS      // nil: there was no handshake, or it failed
	Login    *Login    // nil: none came
	LoggedIn bool

	Requests   []Request
	Attentions int // requests to cancel; go-mssqldb also sends one when rows are closed before their end
	Open       bool
	End        error // why the server ended it; nil while it is open and if the client left in peace
}

// TLS is what the handshake of a connection agreed on.
type TLS struct {
	tls.ConnectionState
	Strict    bool // TLS came first, as in TDS 8.0
	LoginOnly bool // it ended after the login
}

// Resets counts the requests that came with a reset of the session.
func (c Connection) Resets() int {
	n := 0
	for _, r := range c.Requests {
		if r.Reset {
			n++
		}
	}
	return n
}

// Connections returns what is known of every connection so far, in the order of their arrival.
func (s *Server) Connections() []Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Connection, len(s.connections))
	for i, c := range s.connections {
		list[i] = *c
		list[i].Requests = slices.Clone(c.Requests)
	}
	return list
}

// OpenConnections returns the number of connections that neither side has closed.
func (s *Server) OpenConnections() int {
	n := 0
	for _, c := range s.Connections() {
		if c.Open {
			n++
		}
	}
	return n
}

// note changes what is known of a connection.
func (s *session) note(change func(*Connection)) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	change(s.record)
	close(s.server.changed)
	s.server.changed = make(chan struct{})
}

// guard is how long Await waits: far longer than anything takes that goes well.
const guard = 10 * time.Second

// Await waits until ok says so of the connections, which are those of [Server.Connections]. It fails the test when
// that takes ten seconds; what is for its message.
func (s *Server) Await(tb testing.TB, what string, ok func([]Connection) bool) {
	tb.Helper()
	timeout := time.NewTimer(guard)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		list := s.Connections()
		if ok(list) {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			tb.Fatalf("waited %v for %s; the connections are %+v", guard, what, list)
		}
	}
}

// AwaitClosed waits, as Await does, until no connection is open.
func (s *Server) AwaitClosed(tb testing.TB) {
	tb.Helper()
	s.Await(tb, "every connection to be closed", func(list []Connection) bool {
		return !slices.ContainsFunc(list, func(c Connection) bool { return c.Open })
	})
}

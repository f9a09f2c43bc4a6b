package mssql

import (
	"errors"
	"sync"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// errNotSQLServer says that a server answered, in another protocol.
var errNotSQLServer = errors.New("the server does not speak TDS, the protocol of SQL Server")

// replyType is what the first answer of a server begins with.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/9b4a463c-2634-4a4b-ac35-bebfff2fb0f7
const replyType = 4

// socket is the network connection of one login, and then of the session.
type socket struct {
	netconn.Conn
	trace *trace
	tls   bool // from the first byte on
	heard bool // that byte is there
}

// Read fails at the first byte of another protocol: the driver would take it for the length of a packet, and wait
// for as much.
func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if n > 0 && !s.heard {
		s.heard = true
		s.trace.answered()
		if !s.tls && p[0] != replyType { // of TLS, crypto/tls says what it thinks
			n, err = 0, errNotSQLServer
		}
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

package network

import (
	"io"
	"net"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// Handshake is a network connection for the time of a login. A server that refuses a client says why and hangs up.
// A client that writes at that moment gets "connection reset" and never reads the reason: in TLS 1.3 it
// learns only after its part of the handshake that its certificate is refused. So until the login is over, a
// Write that fails because the other side has hung up seems to succeed, and the next Read has the reason.
// It is of no use before Begin, and must not be copied after that.
type Handshake struct {
	netconn.Conn
	greet    func(io.Reader) ([]byte, error) // nil once called
	greeting []byte                          // what has not been read of it
	over     atomic.Bool
}

// Begin begins a login on c. greet, which may be nil, reads and checks what the server says first: the first
// Read calls it, and fails with its error or begins with what it returns.
func (h *Handshake) Begin(c net.Conn, greet func(io.Reader) (greeting []byte, err error)) {
	h.Conn, h.greet = netconn.Conn{Conn: c}, greet
}

// Over ends the login. From then on every error is returned where it happens.
func (h *Handshake) Over() { h.over.Store(true) }

// Read is that of the connection, after the greeting.
func (h *Handshake) Read(p []byte) (int, error) {
	if greet := h.greet; greet != nil {
		h.greet = nil
		var err error
		if h.greeting, err = greet(h.Conn); err != nil {
			return 0, err
		}
	}
	if len(h.greeting) > 0 {
		n := copy(p, h.greeting)
		h.greeting = h.greeting[n:]
		return n, nil
	}
	return h.Conn.Read(p)
}

// Write is that of the connection, except that until Over it does not tell that the other side has hung up.
func (h *Handshake) Write(p []byte) (int, error) {
	n, err := h.Conn.Write(p)
	if err != nil && !h.over.Load() && is(err, lost) {
		return len(p), nil
	}
	return n, err
}

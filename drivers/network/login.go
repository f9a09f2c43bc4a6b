package network

import (
	"io"
	"net"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// Login is a network connection for the time of a login. A server that refuses a client says why and hangs up,
// and whoever writes at that moment gets "connection reset" and never reads the reason: in TLS 1.3 the client
// learns only after its part of the handshake that its certificate is refused. So until the login is over, a
// Write that fails because the other side has hung up seems to succeed, and the next Read has the reason. NewLogin makes
// one; the zero value is of no use.
type Login struct {
	netconn.Conn
	greet    func(io.Reader) ([]byte, error) // nil once called
	greeting []byte                          // what has not been read of it
	over     atomic.Bool
}

// NewLogin begins a login on c. greet, which may be nil, reads and checks what the server says first: the first Read
// calls it, and fails with its error or begins with what it returns.
func NewLogin(c net.Conn, greet func(io.Reader) (greeting []byte, err error)) *Login {
	return &Login{Conn: netconn.Conn{Inner: c}, greet: greet}
}

// Over ends the login. From then on every error is returned where it happens.
func (l *Login) Over() { l.over.Store(true) }

// Read is that of the connection, after the greeting.
func (l *Login) Read(p []byte) (int, error) {
	if greet := l.greet; greet != nil {
		l.greet = nil
		var err error
		if l.greeting, err = greet(l.Inner); err != nil {
			return 0, err
		}
	}
	if len(l.greeting) > 0 {
		n := copy(p, l.greeting)
		l.greeting = l.greeting[n:]
		return n, nil
	}
	return l.Inner.Read(p)
}

// Write is that of the connection, except that until Over it does not tell that the other side has hung up.
func (l *Login) Write(p []byte) (int, error) {
	n, err := l.Inner.Write(p)
	if err != nil && !l.over.Load() && isOneOf(err, lost) {
		return len(p), nil
	}
	return n, err
}

package network

import (
	"net"
	"sync/atomic"
)

// Login is a network connection for the time of a login. A server that refuses a client says why and hangs up,
// and whoever writes at that moment gets "connection reset" and never reads the reason: in TLS 1.3 the client
// learns only after its part of the handshake that its certificate is refused. So until the login is over, a
// Write that fails because the other side has hung up seems to succeed, and the next Read has the reason.
type Login struct {
	net.Conn
	over atomic.Bool
}

// Over ends the login. From then on every error is returned where it happens.
func (l *Login) Over() { l.over.Store(true) }

func (l *Login) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	if err != nil && !l.over.Load() && isLost(err) {
		return len(p), nil
	}
	return n, err
}

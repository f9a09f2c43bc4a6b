package mysql

import (
	"errors"
	"io"
	"net"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/drivers/network"
)

// socket is the network connection under a connection of the driver. It notices that a statement was given up: the
// driver closes a connection at rest with a packet that says so, and one whose statement is to end with its context
// without a word, which the server does not notice before it has an answer to send. That shows in the order of
// calls alone, under TLS too: what precedes a good Close is a Write.
type socket struct {
	network.Handshake
	identity  identity
	unread    int             // what the server may still send before the login is over
	login     atomic.Bool     // it is not over
	abandoned func(*identity) // nil: nobody wants to know

	reading atomic.Bool // the last call was Read, and it did not fail
	closed  atomic.Bool
	told    atomic.Bool

	listener *listener // nil: nobody wants to know of roles
}

// identity is what the server can tell a connection by.
type identity struct {
	id    uint32 // of the server's greeting
	user  string
	token string // the value of tokenAttribute
	local net.Addr
}

// maxLogin bounds what the driver reads, and keeps, of an endless answer to a login. Certificates are most of it.
const maxLogin = 1 << 20

func newSocket(c net.Conn, user, token string) *socket {
	s := &socket{identity: identity{user: user, token: token, local: c.LocalAddr()}, unread: maxLogin}
	s.login.Store(true)
	s.Begin(c, func(r io.Reader) ([]byte, error) {
		packet, id, err := readGreeting(r)
		s.identity.id = id
		return packet, err
	})
	return s
}

// loggedIn ends the login. From now on abandoned is called when a statement is given up.
func (s *socket) loggedIn(abandoned func(*identity)) {
	s.Handshake.Over()
	s.abandoned = abandoned
	s.login.Store(false)
}

// Read is that of the connection.
func (s *socket) Read(p []byte) (int, error) {
	first := !s.reading.Swap(true)
	if s.closed.Load() {
		s.tell() // the statement had been sent when the connection was closed
	}
	if s.login.Load() {
		if s.unread <= 0 {
			return 0, errNotMySQL
		}
		p = p[:min(len(p), s.unread)]
	}
	n, err := s.Handshake.Read(p)
	if s.login.Load() {
		s.unread -= n
	} else if first && s.listener != nil {
		if s.listener.hear(p[:n]) {
			s.reading.Store(false) // the statement is over
		}
	}
	// After a timeout of the driver's the statement goes on, after any other error the connection is gone.
	if err != nil {
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			s.reading.Store(false)
		}
	}
	return n, err
}

// Write is that of the connection.
func (s *socket) Write(p []byte) (int, error) {
	s.reading.Store(false)
	return s.Handshake.Write(p)
}

// Close is that of the connection.
func (s *socket) Close() error {
	if !s.closed.Swap(true) && s.reading.Load() {
		s.tell()
	}
	return s.Handshake.Close()
}

func (s *socket) tell() {
	if !s.login.Load() && s.abandoned != nil && !s.told.Swap(true) {
		s.abandoned(&s.identity)
	}
}

package conn

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
	"github.com/patchbay-go/patchbay/registry"
)

// sockets dials for one pool and knows its open network connections, so that they can be cut.
type sockets struct {
	dialer registry.Dialer // nil for a dialect of files

	mu   sync.Mutex
	open map[*netConn]struct{} // nil once cut
}

func newSockets(dialer registry.Dialer) *sockets {
	return &sockets{dialer: dialer, open: make(map[*netConn]struct{})}
}

var errCut = errors.New("the pool was aborted")

// Dial is what the driver gets to dial with.
func (s *sockets) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := s.dialer.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := &netConn{netconn.Conn{Inner: raw}, s}
	s.mu.Lock()
	wasCut := s.open == nil
	if !wasCut {
		s.open[c] = struct{}{}
	}
	s.mu.Unlock()
	if wasCut {
		_ = raw.Close() // nobody will miss it
		return nil, errCut
	}
	if g, ok := ctx.Value(guardKey{}).(*guard); ok {
		g.watch(raw)
	}
	return c, nil
}

// expire makes what waits for an open connection fail.
func (s *sockets) expire() {
	s.mu.Lock()
	for c := range s.open {
		_ = c.SetDeadline(past()) // as in guard
	}
	s.mu.Unlock()
}

// cut closes every open connection under the driver, and those that a dial under way will bring.
func (s *sockets) cut() {
	s.mu.Lock()
	open := s.open
	s.open = nil
	s.mu.Unlock()
	for c := range open {
		// The driver meets the same error when it closes its side, and reports it where it matters.
		_ = c.Inner.Close()
	}
}

// netConn is a network connection that tells its pool when it is closed.
type netConn struct {
	netconn.Conn
	owner *sockets
}

func (c *netConn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.open, c)
	c.owner.mu.Unlock()
	return c.Inner.Close()
}

// expirer makes all that waits for its open connections fail.
type expirer interface{ expire() }

type guardKey struct{}

// guard makes the network connections of one login fail when its context ends. It travels in the context that
// Connect gets, because only the dialer sees the net.Conn and only Connect sees the end of the login.
type guard struct {
	mu      sync.Mutex
	conns   []net.Conn
	expired bool
}

// past is a deadline that is over.
func past() time.Time { return time.Unix(1, 0) }

func (g *guard) watch(c net.Conn) {
	g.mu.Lock()
	g.conns = append(g.conns, c)
	if g.expired {
		// Of a connection that cannot take a deadline any more nothing is to be feared.
		_ = c.SetDeadline(past())
	}
	g.mu.Unlock()
}

func (g *guard) expire() {
	g.mu.Lock()
	g.expired = true
	for _, c := range g.conns {
		_ = c.SetDeadline(past())
	}
	g.mu.Unlock()
}

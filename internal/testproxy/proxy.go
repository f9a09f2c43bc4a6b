package testproxy

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testport"
)

// Proxy forwards TCP connections to a target. Its methods may be called at any time, from any goroutine, and
// take effect at once, on open connections too.
type Proxy struct {
	tb   testing.TB
	addr string
	wg   sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while it refuses
	target   string
	latency  time.Duration
	forget   bool
	rule     func(Chunk) Action
	resume   chan struct{} // closed by Resume
	conns    []*Conn
	closed   bool
}

// New starts a proxy on a loopback port that forwards to target, a host:port or the absolute path of a Unix
// socket. It ends with the test.
func New(tb testing.TB, target string) *Proxy {
	tb.Helper()
	listener, err := testport.Listen()
	if err != nil {
		tb.Fatalf("start a proxy: %v", err)
	}
	p := &Proxy{tb: tb, addr: listener.Addr().String(), target: target, resume: make(chan struct{})}
	p.serve(listener)
	tb.Cleanup(p.close)
	return p
}

// Addr returns where the proxy listens, as host:port.
func (p *Proxy) Addr() string { return p.addr }

// Host returns the host part of Addr.
func (p *Proxy) Host() string { return host(p.addr) }

// Port returns the port part of Addr.
func (p *Proxy) Port() int { return port(p.addr) }

// SetTarget makes new connections go elsewhere.
func (p *Proxy) SetTarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// SetLatency adds d to each round trip, that of opening the connection included. As on a long line, what the
// client sends without waiting for an answer is late only once.
func (p *Proxy) SetLatency(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = d
}

// SetRecording turns the recording of bytes off or on again, as a benchmark may want. It is on at first; round
// trips are counted either way.
func (p *Proxy) SetRecording(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget = !on
}

// Refuse closes the port: who dials it is refused. Open connections stay.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
}

// Accept opens the port again after Refuse.
func (p *Proxy) Accept() {
	p.tb.Helper()
	p.mu.Lock()
	refuses := p.listener == nil && !p.closed
	p.mu.Unlock()
	if !refuses {
		return
	}
	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.tb.Fatalf("let the proxy accept again: %v", err)
	}
	p.serve(listener)
}

// Conns returns the connections accepted so far, open or not, in their order.
func (p *Proxy) Conns() []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.conns)
}

// Sent returns what all clients have sent, one connection after the other.
func (p *Proxy) Sent() []byte {
	var all []byte
	for _, c := range p.Conns() {
		all = append(all, c.Sent()...)
	}
	return all
}

// Trips returns the number of round trips on all connections; see [Conn.Trips].
func (p *Proxy) Trips() int {
	n := 0
	for _, c := range p.Conns() {
		n += c.Trips()
	}
	return n
}

// CloseAll closes every open connection in an orderly way, at both ends.
func (p *Proxy) CloseAll() {
	for _, c := range p.Conns() {
		c.Close()
	}
}

// ResetAll resets every open connection, at both ends.
func (p *Proxy) ResetAll() {
	for _, c := range p.Conns() {
		c.Reset()
	}
}

func (p *Proxy) serve(listener net.Listener) {
	p.mu.Lock()
	p.listener = listener
	p.mu.Unlock()
	p.wg.Go(func() {
		for {
			client, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				p.tb.Errorf("the proxy at %s stops accepting: %v", p.addr, err)
				return
			}
			c := &Conn{proxy: p, client: client, gone: make(chan struct{}), hungUp: make(chan struct{})}
			p.mu.Lock()
			closed := p.closed
			if !closed {
				p.conns = append(p.conns, c)
			}
			p.mu.Unlock()
			if closed {
				client.Close()
				return
			}
			p.wg.Go(c.run)
		}
	})
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Refuse()
	p.CloseAll()
	p.wg.Wait()
}

func (p *Proxy) settings() (target string, latency time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target, p.latency
}

func dial(target string) (net.Conn, error) {
	if strings.HasPrefix(target, "/") {
		return net.Dial("unix", target)
	}
	return net.Dial("tcp", target)
}

func host(addr string) string {
	h, _, _ := net.SplitHostPort(addr) // it comes from a listener
	return h
}

func port(addr string) int {
	_, text, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(text)
	return n
}

package testproxy

import (
	"bytes"
	"io"
	"net"
	"sync"
	"time"
)

// Conn is one connection through a [Proxy]. Its methods may be called from any goroutine.
type Conn struct {
	proxy  *Proxy
	client net.Conn
	gone   chan struct{} // closed when the connection is over
	hungUp chan struct{} // closed when the client has ended its side

	mu             sync.Mutex
	server         net.Conn // nil before the dial
	over           bool
	clientsTurn    bool // the last to speak was the client
	trips          int
	sent, received []byte
}

// Sent returns what the client has sent so far, forwarded or not.
func (c *Conn) Sent() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.sent)
}

// Received returns what the server has sent so far, forwarded or not.
func (c *Conn) Received() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.received)
}

// Trips returns the number of round trips: how often the client began to speak, at first or after the server
// did. Opening the connection is not counted, and with TLS 1.3 the session tickets that a server sends unasked
// may make it one more.
func (c *Conn) Trips() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trips
}

// Done returns a channel that is closed when the connection is over.
func (c *Conn) Done() <-chan struct{} { return c.gone }

// Close closes the connection in an orderly way, at both ends.
func (c *Conn) Close() { c.end(false) }

// Reset resets the connection, at both ends: who reads from it gets an error at once.
func (c *Conn) Reset() { c.end(true) }

func (c *Conn) end(reset bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.over = true
	shut(c.client, reset)
	if c.server != nil {
		shut(c.server, reset)
	}
	close(c.gone)
}

func shut(conn net.Conn, reset bool) {
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		tcp.SetLinger(0) // makes Close send RST
	}
	conn.Close()
}

// run dials the target and forwards until the connection is over.
func (c *Conn) run() {
	target, latency := c.proxy.settings()
	if !c.wait(time.Now().Add(latency)) {
		return
	}
	server, err := dial(target)
	if err != nil {
		c.Reset() // the nearest to a refusal that is left once the client is connected
		return
	}
	c.mu.Lock()
	c.server = server
	over := c.over
	c.mu.Unlock()
	if over {
		server.Close()
		return
	}
	fromClient, fromServer := make(chan packet, 64), make(chan packet, 64)
	c.proxy.wg.Go(func() { c.read(c.client, fromClient, true) })
	c.proxy.wg.Go(func() { c.read(server, fromServer, false) })
	c.proxy.wg.Go(func() { c.write(server, fromClient, true) })
	c.write(c.client, fromServer, false)
}

// packet is what one read brought, or the error that ended the reading.
type packet struct {
	data []byte
	trip int
	due  time.Time
	err  error
}

// read is apart from write so that what is late or held does not make late what comes after it.
func (c *Conn) read(from net.Conn, to chan<- packet, fromClient bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p := packet{data: bytes.Clone(buffer[:n]), due: time.Now()}
			if fromClient {
				_, latency := c.proxy.settings()
				p.due = p.due.Add(latency)
			}
			p.trip = c.note(p.data, fromClient)
			if !c.pass(to, p) {
				return
			}
		}
		if err != nil {
			if fromClient {
				close(c.hungUp)
			}
			c.pass(to, packet{err: err})
			return
		}
	}
}

func (c *Conn) pass(to chan<- packet, p packet) bool {
	select {
	case to <- p:
		return true
	case <-c.gone:
		return false
	}
}

// note records data. The client's turn starts when it is read and the server's when it is written, so that
// an answer cannot be mistaken for one to what the client sends meanwhile.
func (c *Conn) note(data []byte, fromClient bool) (trip int) {
	c.proxy.mu.Lock()
	forget := c.proxy.forget
	c.proxy.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if fromClient && !c.clientsTurn {
		c.clientsTurn = true
		c.trips++
	}
	switch {
	case forget:
	case fromClient:
		c.sent = append(c.sent, data...)
	default:
		c.received = append(c.received, data...)
	}
	return c.trips
}

func (c *Conn) write(to net.Conn, from <-chan packet, fromClient bool) {
	for {
		var p packet
		select {
		case p = <-from:
		case <-c.gone:
			return
		}
		if p.err != nil {
			c.ended(to, p.err, fromClient)
			return
		}
		if !c.wait(p.due) {
			return
		}
		if !fromClient {
			c.mu.Lock()
			p.trip = c.trips
			c.mu.Unlock()
		}
		action, resume := c.proxy.decide(Chunk{c, fromClient, p.trip, p.data})
		switch action {
		case Stall:
			if !c.stall(resume) {
				return
			}
		case Close, Reset:
			c.end(action == Reset)
			return
		}
		if !fromClient {
			c.mu.Lock()
			c.clientsTurn = false
			c.mu.Unlock()
		}
		if _, err := to.Write(p.data); err != nil {
			if !fromClient { // what a server has said before it hung up is still to be passed on, and reading ends with it
				c.Reset()
			}
			return
		}
	}
}

// ended passes on how one side ended: a reset as a reset, the server's end as the end of both, the client's as
// the end of its side, after which the server may still say something.
func (c *Conn) ended(to net.Conn, err error, fromClient bool) {
	if half, ok := to.(interface{ CloseWrite() error }); ok && fromClient && err == io.EOF {
		half.CloseWrite()
		return
	}
	c.end(err != io.EOF)
}

// wait returns at the given time, false if the connection is over before.
func (c *Conn) wait(until time.Time) bool {
	late := time.Until(until)
	if late <= 0 {
		return true
	}
	timer := time.NewTimer(late)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.gone:
		return false
	}
}

// stall returns when the stall is over, false if the connection is. A client that hangs up ends it, so that
// its descriptor does not outlive it.
func (c *Conn) stall(resume <-chan struct{}) bool {
	select {
	case <-resume:
		return true
	case <-c.hungUp:
		c.Close()
		return false
	case <-c.gone:
		return false
	}
}

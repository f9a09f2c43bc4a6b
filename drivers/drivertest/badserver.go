package drivertest

import (
	"io"
	"net"
	"sync"

	"github.com/patchbay-go/patchbay/registry"
)

// badServer starts a server on loopback that treats every connection as serve does, and then closes it. It
// returns the target's config with the address changed to that of the server, which the subtest ends.
func (c check) badServer(serve func(net.Conn)) registry.Config {
	c.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.Fatal(err)
	}
	done := make(chan struct{})
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return // the listener is closed
			}
			ended := make(chan struct{})
			serving.Go(func() {
				defer close(ended)
				serve(nc)
				_ = nc.Close() // the client may have done so
			})
			serving.Go(func() {
				select {
				case <-ended:
				case <-done:
					_ = nc.Close() // a client that leaks its end is found elsewhere
				}
			})
		}
	})
	c.Cleanup(func() {
		close(done)
		if err := l.Close(); err != nil {
			c.Error(err)
		}
		serving.Wait()
	})
	return c.at(l.Addr())
}

// at returns the target's config with another address.
func (c check) at(addr net.Addr) registry.Config {
	cfg := c.config()
	cfg.Host = "127.0.0.1"
	cfg.Port = addr.(*net.TCPAddr).Port
	cfg.ConnectTimeout = patience
	return cfg
}

// silent reads what the client says until it goes away.
func silent(nc net.Conn) {
	_, _ = io.Copy(io.Discard, nc) // the client may end it as it likes
}

// hangUp closes the connection.
func hangUp(net.Conn) {}

// reset closes the connection in the way that a server that crashes does.
func reset(nc net.Conn) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a connection that is gone already is as good
	}
}

// web answers as a web server does that is spoken to in another protocol.
func web(nc net.Conn) {
	_, _ = io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // not a Close, which could discard the answer before it is read
	}
	silent(nc)
}

// refused returns the target's config with an address where nobody listens, nor can start to.
func (c check) refused() registry.Config {
	c.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.Fatal(err)
	}
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		_ = nc.Close() // it has done its work
		_ = l.Close()
	})
	return c.at(nc.LocalAddr()) // the port at the client's end is taken, and not listened on
}

package testproxy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testport"
)

// Listener is a server that misbehaves, on a loopback port.
type Listener struct {
	addr     string
	accepted atomic.Int64
}

// Addr returns where it listens, as host:port.
func (l *Listener) Addr() string { return l.addr }

// Host returns the host part of Addr.
func (l *Listener) Host() string { return host(l.addr) }

// Port returns the port part of Addr.
func (l *Listener) Port() int { return port(l.addr) }

// Accepted returns the number of connections accepted so far.
func (l *Listener) Accepted() int { return int(l.accepted.Load()) }

// Serve starts a listener that calls handle on a goroutine for each connection and closes it afterwards. It
// ends with the test, which closes what is open and waits for handle to return.
func Serve(tb testing.TB, handle func(net.Conn)) *Listener {
	tb.Helper()
	listener, err := testport.Listen()
	if err != nil {
		tb.Fatalf("start a listener: %v", err)
	}
	l := &Listener{addr: listener.Addr().String()}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		open   = make(map[net.Conn]bool)
		closed bool
	)
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					tb.Errorf("the listener at %s stops accepting: %v", l.addr, err)
				}
				return
			}
			l.accepted.Add(1)
			wg.Go(func() {
				defer conn.Close()
				mu.Lock()
				late := closed
				open[conn] = true
				mu.Unlock()
				if !late {
					handle(conn)
				}
				mu.Lock()
				delete(open, conn)
				mu.Unlock()
			})
		}
	})
	tb.Cleanup(func() {
		listener.Close()
		mu.Lock()
		closed = true
		for conn := range open {
			conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l
}

// Silent accepts, reads, and never says anything.
func Silent(tb testing.TB) *Listener { return Serve(tb, drain) }

// Closing accepts and closes at once.
func Closing(tb testing.TB) *Listener { return Serve(tb, func(net.Conn) {}) }

// Resetting accepts and resets at once.
func Resetting(tb testing.TB) *Listener {
	return Serve(tb, func(conn net.Conn) { shut(conn, true) })
}

// Garbage accepts, says 4 KiB that are in no protocol, and nothing more.
func Garbage(tb testing.TB) *Listener {
	return Serve(tb, func(conn net.Conn) {
		// A client that is not interested has closed, and that is all there is to it.
		_, _ = conn.Write(bytes.Repeat([]byte{0xfe, 0xed, 0xfa, 0xce, 0x9b, 0x01, 0xd7, 0x42}, 512))
		_ = conn.(*net.TCPConn).CloseWrite()
		drain(conn)
	})
}

// HTTP answers like a web server: nothing until it is spoken to, then "400 Bad Request" to what does not start
// with a method and "404 Not Found" to what does.
func HTTP(tb testing.TB) *Listener {
	return Serve(tb, func(conn net.Conn) {
		request := bufio.NewReader(conn)
		status := http.StatusBadRequest
		if first, _ := request.Peek(1); len(first) == 1 && 'A' <= first[0] && first[0] <= 'Z' {
			if _, err := http.ReadRequest(request); err == nil {
				status = http.StatusNotFound
			}
		}
		text := http.StatusText(status)
		answer := http.Response{
			StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Close: true,
			ContentLength: int64(len(text)), Body: io.NopCloser(bytes.NewBufferString(text)),
		}
		_ = answer.Write(conn) // fails when the client has hung up
		_ = conn.(*net.TCPConn).CloseWrite()
		drain(conn) // closing with unread bytes would reset, and the answer might be lost
	})
}

func drain(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

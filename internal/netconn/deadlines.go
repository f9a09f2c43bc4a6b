package netconn

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// WithDeadlines returns c, or, if c refuses deadlines, a connection in its place that has them. That of
// golang.org/x/crypto/ssh refuses them (https://go.dev/issue/65930), and drivers end logins and statements by them.
// A deadline that c has is reset.
func WithDeadlines(c net.Conn) net.Conn {
	err := c.SetDeadline(time.Time{})
	if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return c
	}
	near, far := net.Pipe()
	p := &piped{Conn: near, inner: c}
	go p.send(far)
	go p.receive(far)
	return p
}

// piped is the near end of a pipe, which has deadlines, to copies from and to a connection that has none. What has been
// read when a deadline passes is there for the next read.
type piped struct {
	net.Conn
	inner net.Conn
	gone  sync.Once
	late  atomic.Pointer[time.Timer]
	fault atomic.Pointer[error] // why the pipe ends
}

// leave is what a last write may take when the connection is closed.
const leave = 100 * time.Millisecond

// send copies what is written, and closes the connection when all of it has been.
func (p *piped) send(far net.Conn) {
	p.end(far, pass(p.inner, far))
}

// receive copies what is to be read.
func (p *piped) receive(far net.Conn) {
	p.end(far, pass(far, p.inner))
}

// pass copies until an error, which is io.EOF at the end. A pipe has no use for what io.Copy tries with sockets.
func pass(to io.Writer, from io.Reader) error {
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// end closes both sides, for the first reason that there is.
func (p *piped) end(far net.Conn, err error) {
	p.fault.CompareAndSwap(nil, &err)
	_ = far.Close() // of a pipe, which does not fail
	p.closeInner()
	if late := p.late.Load(); late != nil {
		late.Stop()
	}
}

// closeInner closes the connection once. What goes wrong then is of no use to a user who has gone.
func (p *piped) closeInner() { p.gone.Do(func() { _ = p.inner.Close() }) }

func (p *piped) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	return n, p.explain(err)
}

func (p *piped) Write(b []byte) (int, error) {
	n, err := p.Conn.Write(b)
	return n, p.explain(err)
}

// explain puts the error of the connection in the place of that of the pipe.
func (p *piped) explain(err error) error {
	if fault := p.fault.Load(); fault != nil && (err == io.EOF || err == io.ErrClosedPipe) {
		return *fault
	}
	return err
}

// Close lets what has been written go out, for a moment.
func (p *piped) Close() error {
	p.late.CompareAndSwap(nil, time.AfterFunc(leave, p.closeInner))
	return p.Conn.Close()
}

func (p *piped) LocalAddr() net.Addr  { return p.inner.LocalAddr() }
func (p *piped) RemoteAddr() net.Addr { return p.inner.RemoteAddr() }

package netconn_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// undying refuses deadlines.
type undying struct{ net.Conn }

func (undying) SetDeadline(time.Time) error { return errors.New("not supported") }

// tunnel returns a connection that has got deadlines, and its other end.
func tunnel(t *testing.T) (c, other net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if other, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if netconn.WithDeadlines(socket) != socket {
		t.Error("a socket, which has deadlines, was wrapped")
	}
	return netconn.WithDeadlines(undying{socket}), other
}

func TestADeadlineEndsAReadAndTakesNothing(t *testing.T) {
	c, other := tunnel(t)
	defer c.Close()
	for range 3 {
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 8)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		if _, err := other.Write([]byte("abc")); err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 3)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "abc" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if c.RemoteAddr().Network() != "tcp" || c.LocalAddr().Network() != "tcp" {
		t.Errorf("the addresses are %v, %v", c.LocalAddr(), c.RemoteAddr())
	}
	raw, err := netconn.Conn{Conn: c}.SyscallConn()
	if err != nil || raw.Control(func(uintptr) {}) == nil {
		t.Errorf("the descriptor shows, %v", err)
	}
}

func TestADeadlineEndsAWriteThatNobodyReads(t *testing.T) {
	c, _ := tunnel(t)
	defer c.Close()
	if err := c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestCloseSendsWhatWasWrittenAndLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		c, other := tunnel(t)
		sent := bytes.Repeat([]byte("bye"), 1000)
		if _, err := c.Write(sent); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(other); err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes arrived, %v", len(got), err)
		}
	}
	stuck, _ := tunnel(t)
	if err := stuck.SetWriteDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, _ = stuck.Write(make([]byte, 64<<20)) // which does not go out
	if err := stuck.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("there were %d goroutines, and are %d", before, runtime.NumGoroutine())
		}
	}
}

func TestTheErrorOfTheConnectionIsTold(t *testing.T) {
	c, other := tunnel(t)
	defer c.Close()
	if err := other.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reading ended in %v", err)
	}
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("writing succeeded")
	}
}

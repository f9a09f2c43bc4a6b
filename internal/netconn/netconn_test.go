package netconn_test

import (
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// wrapper embeds a Conn as its users do.
type wrapper struct{ netconn.Conn }

func TestConnPassesEverythingOn(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	var c net.Conn = &wrapper{netconn.Conn{Inner: a}}
	if c.LocalAddr() != a.LocalAddr() || c.RemoteAddr() != a.RemoteAddr() {
		t.Error("it has other addresses")
	}
	go func() { _, _ = io.Copy(b, b) }() // until the pipe is closed
	buf := make([]byte, 4)
	if _, err := c.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "ping" {
		t.Errorf("read %q, %v", buf, err)
	}
	past, never := time.Unix(1, 0), time.Time{}
	read := func() error { _, err := c.Read(buf); return err }
	write := func() error { _, err := c.Write(buf); return err }
	for name, ends := range map[string]struct {
		set func(time.Time) error
		try func() error
	}{
		"reading": {c.SetReadDeadline, read}, "writing": {c.SetWriteDeadline, write},
		"both, reading": {c.SetDeadline, read}, "both, writing": {c.SetDeadline, write},
	} {
		if err := ends.set(past); err != nil {
			t.Fatal(err)
		}
		if err := ends.try(); !os.IsTimeout(err) {
			t.Errorf("after the deadline of %s: %v", name, err)
		}
		if err := ends.set(never); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read(buf); err != io.ErrClosedPipe {
		t.Errorf("the inner connection is not closed: %v", err)
	}
}

func TestSyscallConn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	pipe, end := net.Pipe()
	defer pipe.Close()
	defer end.Close()
	for name, c := range map[string]struct {
		inner net.Conn
		sees  bool
	}{"a socket": {socket, true}, "a pipe": {pipe, false}} {
		raw, err := (&wrapper{netconn.Conn{Inner: c.inner}}).SyscallConn()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		saw := false
		if err := raw.Read(func(uintptr) bool { saw = true; return true }); err != nil || saw != c.sees {
			t.Errorf("%s: the descriptor was seen: %v, %v", name, saw, err)
		}
		saw = false
		if err := raw.Control(func(uintptr) { saw = true }); (err == nil) != c.sees || saw != c.sees {
			t.Errorf("%s: the descriptor was controlled: %v, %v", name, saw, err)
		}
		if err := raw.Write(func(uintptr) bool { return true }); (err == nil) != c.sees {
			t.Errorf("%s: the descriptor was written to: %v", name, err)
		}
	}
}

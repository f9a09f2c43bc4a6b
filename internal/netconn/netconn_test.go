package netconn_test

import (
	"net"
	"testing"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

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
		raw, err := netconn.Conn{Conn: c.inner}.SyscallConn()
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

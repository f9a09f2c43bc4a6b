//go:build unix && !aix

package netconn_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// dialed returns both ends of a TCP connection.
func dialed(t testing.TB) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the test may have closed it
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// TestIdle is about the look of case D2.
func TestIdle(t *testing.T) {
	for name, c := range map[string]struct {
		does func(*net.TCPConn) error
		want func(error) bool
	}{
		"hangs up": {(*net.TCPConn).Close, func(err error) bool { return err == io.EOF }},
		"resets":   {func(s *net.TCPConn) error { return errors.Join(s.SetLinger(0), s.Close()) }, func(err error) bool { return err != nil }},
		"speaks": {
			func(s *net.TCPConn) error { _, err := s.Write([]byte("x")); return err },
			func(err error) bool { return errors.Is(err, netconn.ErrUnexpected) },
		},
	} {
		client, server := dialed(t)
		idle, err := netconn.NewIdle(client)
		if err != nil {
			t.Fatal(err)
		}
		if err := idle.Err(); err != nil {
			t.Errorf("%s: before that there is %v", name, err)
		}
		if err := c.does(server); err != nil {
			t.Fatal(err)
		}
		for err = nil; err == nil; err = idle.Err() { // loopback takes a moment
		}
		if !c.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
		if name != "speaks" {
			continue
		}
		if n, err := client.Read(make([]byte, 2)); n != 1 || err != nil {
			t.Errorf("%d bytes are left to read after the look, %v", n, err)
		}
	}
}

func TestIdleSaysNothingWhereNothingCanBeSeen(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	idle, err := netconn.NewIdle(netconn.Conn{Conn: a})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Err(); err != nil {
		t.Error(err)
	}
}

func BenchmarkIdle(b *testing.B) {
	client, _ := dialed(b)
	idle, err := netconn.NewIdle(client)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := idle.Err(); err != nil {
			b.Fatal(err)
		}
	}
}

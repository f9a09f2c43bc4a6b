package testport_test

import (
	"net"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testport"
)

func TestPickedPortsAreFreeAndNotThoseOfOutgoingConnections(t *testing.T) {
	for range 50 {
		port, err := testport.Pick()
		if err != nil {
			t.Fatal(err)
		}
		if port < 20000 || port >= 32768 {
			t.Fatalf("picked %d", port)
		}
	}
}

func TestListenTakesAPortOnLoopback(t *testing.T) {
	a, err := testport.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if !a.Addr().(*net.TCPAddr).IP.IsLoopback() {
		t.Errorf("listens on %v", a.Addr())
	}
	if b, err := net.Listen("tcp", a.Addr().String()); err == nil {
		b.Close()
		t.Errorf("%v could be taken twice", a.Addr())
	}
}

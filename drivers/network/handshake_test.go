package network_test

import (
	"net"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/registry"
)

func TestReasonIsReadBeforeABrokenWriteIsReported(t *testing.T) {
	raw, err := net.Dial("tcp", testproxy.Serve(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		_, _ = c.Write([]byte("because"))
		_ = c.(*net.TCPConn).SetLinger(0)
	}).Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for err == nil { // until the reset has come
		_, err = raw.Write([]byte("x"))
	}
	handshake := new(network.Handshake)
	handshake.Begin(raw, nil)
	if n, err := handshake.Write([]byte("hello")); n != 5 || err != nil {
		t.Errorf("during the handshake: wrote %d, %v", n, err)
	}
	handshake.Over()
	if _, err := handshake.Write([]byte("hello")); network.Diagnose(err).Kind != registry.KindLost {
		t.Errorf("after the handshake: got %v, want an error of a lost connection", err)
	}
}

package network_test

import (
	"syscall"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/registry"
)

// A11. https://www.man7.org/linux/man-pages/man7/tcp.7.html
func TestUnacknowledgedDataFailAsSoonAsKeepAlive(t *testing.T) {
	c, err := network.DialFunc(registry.Env{})(t.Context(), "tcp", testproxy.Silent(t).Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	option := func(name int) (value int) {
		raw, err := c.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if failed := raw.Control(func(fd uintptr) { value, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, name) }); failed != nil || err != nil {
			t.Fatal(failed, err)
		}
		return value
	}
	const userTimeout = 18
	probes := option(syscall.TCP_KEEPIDLE) + option(syscall.TCP_KEEPCNT)*option(syscall.TCP_KEEPINTVL)
	if got := option(userTimeout); got != 1000*probes || probes != 150 {
		t.Errorf("unacknowledged data fail after %d ms, and an idle connection after %d s", got, probes)
	}
}

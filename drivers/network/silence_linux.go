package network

import (
	"strings"
	"syscall"
	"time"
)

// silence is how long a server may leave what it was sent unacknowledged: as long as the keep-alive of [net.Dialer] lets
// an idle connection wait, 15 s and nine probes 15 s apart, so that a connection which a firewall has dropped fails within
// the same time whether it is idle or not. Without it, Linux sends again for about 16 minutes. It should not be much
// shorter: it also ends a connection whose server lives and takes no data for as long, as in the middle of a COPY or a
// batch that waits for a lock.
const silence = 150 * time.Second

// boundSilence sets TCP_USER_TIMEOUT: https://man7.org/linux/man-pages/man7/tcp.7.html
func boundSilence(network, _ string, c syscall.RawConn) error {
	const tcpUserTimeout = 18
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	return c.Control(func(fd uintptr) {
		// A system that calls itself Linux and has no such option goes without it.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(silence.Milliseconds()))
	})
}

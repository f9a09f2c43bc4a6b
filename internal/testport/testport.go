// Package testport picks TCP ports for the servers and proxies of tests. They lie below the ports that the
// system hands out to outgoing connections, so that a server that stops and comes back finds its port free.
// It is for tests only and never opens anything but loopback.
package testport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Outgoing connections start at 32768 on Linux and at 49152 on macOS and Windows:
// https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range), RFC 6335.
const first, last = 20000, 32700

// HasIPv6 reports whether this machine has the loopback address ::1.
var HasIPv6 = sync.OnceValue(func() bool {
	listener, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	listener.Close()
	return true
})

// Pick returns a port that was free on 127.0.0.1, and on ::1 where there is one, a moment ago. Whoever takes
// it must be ready for another process to be faster.
func Pick() (int, error) {
	var err error
	for range 100 {
		port := first + rand.IntN(last-first)
		if err = try("127.0.0.1", port); err == nil && HasIPv6() {
			err = try("::1", port)
		}
		if err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("pick a loopback port from %d to %d: none of 100 is free: %w", first, last, err)
}

func try(host string, port int) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return listener.Close()
}

// Listen returns a listener on 127.0.0.1 at a port that Pick would return.
func Listen() (net.Listener, error) {
	var err error
	for range 10 {
		var port int
		if port, err = Pick(); err != nil {
			return nil, err
		}
		var listener net.Listener
		if listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return listener, nil
		}
	}
	return nil, fmt.Errorf("listen on a loopback port: ten were taken in between: %w", err)
}

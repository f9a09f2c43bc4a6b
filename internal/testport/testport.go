// Package testport picks TCP ports for the servers and proxies of tests. They lie below the ports that the
// system hands out to outgoing connections, so that a server that stops and comes back finds its port free.
// Each process has its own, so that nothing answers there in between either.
// It is for tests only and never opens anything but loopback.
package testport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Outgoing connections start at 32768 on Linux and at 49152 on macOS and Windows:
// https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range), RFC 6335.
const first, last = 20000, 32700

// block is how many ports a process gets at a time. While it runs it listens at the first of them, which tells the
// others that they are taken.
const block = 200

// own are those of this process. They are picked in turn, so that one that was picked to have nothing there stays so.
var own struct {
	sync.Mutex
	ports  []int
	next   int
	claims []net.Listener
}

// HasIPv6 reports whether this machine has the loopback address ::1.
var HasIPv6 = sync.OnceValue(func() bool {
	listener, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	listener.Close()
	return true
})

// Pick returns a port that was free on 127.0.0.1, and on ::1 where there is one, a moment ago. No other process picks it.
func Pick() (int, error) {
	own.Lock()
	defer own.Unlock()
	for {
		for range own.ports {
			port := own.ports[own.next%len(own.ports)]
			own.next++
			if isFree(port) {
				return port, nil
			}
		}
		own.next = len(own.ports) // of which none is free
		if err := claim(); err != nil {
			return 0, err
		}
	}
}

// claim adds a block to the ports of this process.
func claim() error {
	blocks := rand.Perm((last - first) / block)
	for _, i := range blocks {
		port := first + i*block
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		own.claims = append(own.claims, listener)
		for i := range block - 1 {
			own.ports = append(own.ports, port+1+i)
		}
		return nil
	}
	return fmt.Errorf("pick a loopback port from %d to %d: each of %d blocks has a process", first, last, len(blocks))
}

func isFree(port int) bool {
	err := try("127.0.0.1", port)
	if err == nil && HasIPv6() {
		err = try("::1", port)
	}
	return err == nil
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
	var failed []error
	for range 10 {
		port, err := Pick()
		if err != nil {
			return nil, err
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return listener, nil
		}
		failed = append(failed, err)
	}
	return nil, fmt.Errorf("listen on a loopback port: %w", errors.Join(failed...))
}

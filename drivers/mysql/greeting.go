//go:build mysql || alldrivers

package mysql

import (
	"bytes"
	"errors"
	"io"
	"syscall"

	"github.com/patchbay-go/patchbay/drivers/network"
)

// errNotMySQL says that a server answered, in another protocol.
var errNotMySQL = errors.New("the server does not speak the MySQL protocol")

// greeted is a connection whose first Read fails unless the server greets like MySQL. The driver takes the first
// bytes of whatever answers for the length of a packet, waits for as much, and trusts what is in it.
type greeted struct {
	*network.Login
	checked bool
	rest    []byte // of the greeting, not read yet
}

// SyscallConn gives the driver the access to the file descriptor by which it sees whether the server has closed
// an idle connection.
func (g *greeted) SyscallConn() (syscall.RawConn, error) {
	if raw, ok := g.Conn.(syscall.Conn); ok {
		return raw.SyscallConn()
	}
	return noRawConn{}, nil
}

// noRawConn is what a connection without a file descriptor has: nothing can be seen.
type noRawConn struct{}

func (noRawConn) Control(func(uintptr)) error    { return nil }
func (noRawConn) Read(func(uintptr) bool) error  { return nil }
func (noRawConn) Write(func(uintptr) bool) error { return nil }

func (g *greeted) Read(p []byte) (int, error) {
	if !g.checked {
		g.checked = true
		var err error
		if g.rest, err = readGreeting(g.Login); err != nil {
			return 0, err
		}
	}
	if len(g.rest) > 0 {
		n := copy(p, g.rest)
		g.rest = g.rest[n:]
		return n, nil
	}
	return g.Login.Read(p)
}

const (
	maxGreeting = 4096 // the longest message of an error has 512 characters, the version of a server fewer
	isError     = 0xff
)

// readGreeting reads the first packet: a length of three bytes, a number, and a handshake or an error.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
func readGreeting(r io.Reader) ([]byte, error) {
	header := make([]byte, 4)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	length := int(header[0]) | int(header[1])<<8 | int(header[2])<<16
	if length < 4 || length > maxGreeting {
		return nil, errNotMySQL
	}
	packet := append(header, make([]byte, length)...)
	body := packet[4:]
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	if body[0] == isError {
		return packet, nil
	}
	// Protocol 10, the version up to a zero, and then 15 bytes, or those and at least 29 more.
	_, rest, found := bytes.Cut(body[1:], []byte{0})
	if body[0] != 10 || !found || len(rest) != 15 && len(rest) < 44 {
		return nil, errNotMySQL
	}
	return packet, nil
}

// Package netconn holds what the wrappers of network connections in this module have in common. Packages conn,
// drivers/network and drivers/mssql use it.
package netconn

import (
	"errors"
	"net"
	"syscall"
)

// Conn is a network connection that also gives access to its file descriptor, for wrappers to embed: embedding a
// [net.Conn] alone would hide that.
type Conn struct{ net.Conn }

// SyscallConn returns the access to the file descriptor, by which a driver sees whether the server has closed an
// idle connection. Where there is none, such as in a tunnel, it is one by which nothing can be seen: a driver takes an
// error of this method, or of reading, for that of a broken connection.
func (c Conn) SyscallConn() (syscall.RawConn, error) {
	if raw, ok := c.Conn.(syscall.Conn); ok {
		return raw.SyscallConn()
	}
	return none{}, nil
}

type none struct{}

func (none) Control(func(uintptr)) error    { return errors.ErrUnsupported }
func (none) Read(func(uintptr) bool) error  { return nil }
func (none) Write(func(uintptr) bool) error { return errors.ErrUnsupported }

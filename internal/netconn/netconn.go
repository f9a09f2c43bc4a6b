// Package netconn holds what the wrappers of network connections in this module have in common. Packages conn,
// drivers/network and drivers/mssql use it.
package netconn

import (
	"errors"
	"net"
	"syscall"
)

// SyscallConn is the method of that name for wrappers that embed a [net.Conn], which would hide it: the access to the file
// descriptor of c, by which a driver sees whether the server has closed an idle connection. Where there is none, such as in
// a tunnel, it is one by which nothing can be seen: a driver takes an error of this method, or of reading, for that of a
// broken connection.
func SyscallConn(c net.Conn) (syscall.RawConn, error) {
	if raw, ok := c.(syscall.Conn); ok {
		return raw.SyscallConn()
	}
	return new(none), nil
}

type none struct{}

func (*none) Control(func(uintptr)) error    { return errors.ErrUnsupported }
func (*none) Read(func(uintptr) bool) error  { return nil }
func (*none) Write(func(uintptr) bool) error { return errors.ErrUnsupported }

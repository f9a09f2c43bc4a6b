// Package netconn holds what the wrappers of network connections in this module have in common. Packages conn,
// drivers/network and drivers/mssql use it.
package netconn

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// Conn is a network connection for wrappers to embed, which may hide any of its methods. It also gives access to the file
// descriptor, which embedding a [net.Conn] would hide.
type Conn struct{ Inner net.Conn }

// SyscallConn returns the access to the file descriptor, by which a driver sees whether the server has closed an
// idle connection. Where there is none, such as in a tunnel, it is one by which nothing can be seen: a driver takes an
// error of this method, or of reading, for that of a broken connection.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if raw, ok := c.Inner.(syscall.Conn); ok {
		return raw.SyscallConn()
	}
	return new(none), nil
}

// The other methods are those of the connection.

func (c *Conn) Read(b []byte) (int, error)         { return c.Inner.Read(b) }
func (c *Conn) Write(b []byte) (int, error)        { return c.Inner.Write(b) }
func (c *Conn) Close() error                       { return c.Inner.Close() }
func (c *Conn) LocalAddr() net.Addr                { return c.Inner.LocalAddr() }
func (c *Conn) RemoteAddr() net.Addr               { return c.Inner.RemoteAddr() }
func (c *Conn) SetDeadline(t time.Time) error      { return c.Inner.SetDeadline(t) }
func (c *Conn) SetReadDeadline(t time.Time) error  { return c.Inner.SetReadDeadline(t) }
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.Inner.SetWriteDeadline(t) }

type none struct{}

func (*none) Control(func(uintptr)) error    { return errors.ErrUnsupported }
func (*none) Read(func(uintptr) bool) error  { return nil }
func (*none) Write(func(uintptr) bool) error { return errors.ErrUnsupported }

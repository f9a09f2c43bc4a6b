// Package netconn holds what the wrappers of network connections in this module have in common: passing on all that
// they do not change, the access to the file descriptor included. Packages conn and drivers/network embed its Conn.
package netconn

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// Conn passes everything on to another connection. It is embedded by value: an embedded [net.Conn] would make every
// method twice, for the wrapper and for a pointer to it, and link both.
type Conn struct{ Inner net.Conn }

func (c *Conn) Read(p []byte) (int, error)         { return c.Inner.Read(p) }
func (c *Conn) Write(p []byte) (int, error)        { return c.Inner.Write(p) }
func (c *Conn) Close() error                       { return c.Inner.Close() }
func (c *Conn) LocalAddr() net.Addr                { return c.Inner.LocalAddr() }
func (c *Conn) RemoteAddr() net.Addr               { return c.Inner.RemoteAddr() }
func (c *Conn) SetDeadline(t time.Time) error      { return c.Inner.SetDeadline(t) }
func (c *Conn) SetReadDeadline(t time.Time) error  { return c.Inner.SetReadDeadline(t) }
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.Inner.SetWriteDeadline(t) }

// SyscallConn returns the access to the file descriptor, by which a driver sees whether the server has closed an
// idle connection. Where there is none, such as in a tunnel, it is one by which nothing can be seen: a driver takes an
// error of this method, or of reading, for that of a broken connection.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if raw, ok := c.Inner.(syscall.Conn); ok {
		return raw.SyscallConn()
	}
	return new(none), nil
}

type none struct{}

func (*none) Control(func(uintptr)) error    { return errors.ErrUnsupported }
func (*none) Read(func(uintptr) bool) error  { return nil }
func (*none) Write(func(uintptr) bool) error { return errors.ErrUnsupported }

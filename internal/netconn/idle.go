package netconn

import (
	"errors"
	"syscall"
)

// Idle looks at an idle connection without waiting: a server that has closed it, or reset it, says so only to one who
// reads, and a request that is written to it is lost. NewIdle makes one. It is not safe for concurrent use.
type Idle struct {
	raw  syscall.RawConn
	look func(fd uintptr) bool // made once, so that looking allocates nothing
	err  error
}

// ErrUnexpected says that the server sent something while nobody had asked it anything.
var ErrUnexpected = errors.New("the server sent something that nobody asked for")

// NewIdle returns a look at c.
func NewIdle(c syscall.Conn) (*Idle, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	i := &Idle{raw: raw}
	i.look = func(fd uintptr) bool {
		i.err = peek(fd)
		return true
	}
	return i, nil
}

// Err returns why the connection is of no use any more: [io.EOF] where the other side has closed it, ErrUnexpected where it
// said something, or an error of the system. It is nil for a good connection, and where the system or the connection,
// such as one through a tunnel, does not tell.
func (i *Idle) Err() error {
	i.err = nil
	if err := i.raw.Read(i.look); err != nil {
		return err
	}
	return i.err
}

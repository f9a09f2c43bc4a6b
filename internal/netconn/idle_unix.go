//go:build unix && !aix

package netconn

import (
	"errors"
	"io"
	"syscall"
)

// peek leaves what there is to read where it is.
func peek(fd uintptr) error {
	var b [1]byte
	switch n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT); {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return nil
	case err != nil:
		return err
	case n == 0:
		return io.EOF
	}
	return ErrUnexpected
}

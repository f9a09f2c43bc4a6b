//go:build unix

package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

func openTerminal() (*os.File, error) { return os.OpenFile("/dev/tty", os.O_RDWR, 0) }

// ignorePipe has a write fail whose reader has gone, such as head, in place of ending the process: a statement on the server
// is to end, too.
func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }

func isPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// openError says which database could not be opened, and why, as far as a look at the file can tell: SQLite
// itself answers "unable to open database file" to all of it.
type openError struct {
	path string // empty: in memory
	cause
	err error // may be nil
}

// cause is what is wrong with a path, and what to do about it; both may be empty.
type cause struct{ why, hint string }

func (e *openError) Error() string {
	s := "open a database in memory"
	if e.path != "" {
		s = fmt.Sprintf("open %q", e.path)
	}
	if e.why != "" {
		s += ": " + e.why
	}
	if e.err != nil {
		s += ": " + e.err.Error()
	}
	return s
}

func (e *openError) Unwrap() error { return e.err }

// explain wraps an error of Connect.
func (c *connector) explain(err error) error {
	e := &openError{path: c.path, err: err}
	code, _, ok := codeOf(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.cause = cause{"waiting for a lock", meaning(busy).hint} // nothing else waits
	case ok && code&primary == cannotOpen && c.path != "":
		e.cause = c.look()
	}
	return e
}

// refuseSpecial keeps from opening a pipe, which would wait for its other end whatever the context says.
func (c *connector) refuseSpecial() error {
	info, err := os.Stat(c.path)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return &openError{path: c.path, cause: cause{"it is not a regular file", "name a file on a disk"}}
	}
	return nil
}

// look finds out why the file cannot be opened. It does not open it: closing it again would drop the locks that
// other connections of this process hold. https://www.sqlite.org/howtocorrupt.html#posix_advisory_locks
func (c *connector) look() cause {
	dir := c.path[:max(1, strings.LastIndexByte(c.path, '/'))] // Windows takes slashes too
	parent, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return cause{fmt.Sprintf("the folder %q does not exist", dir), "create the folder or correct the name"}
	case err != nil:
		return cause{err.Error(), "correct the name, or let this user into the folder"}
	case !parent.IsDir():
		return cause{fmt.Sprintf("%q is not a folder", dir), "correct the name"}
	}

	info, err := os.Stat(c.path)
	missing := errors.Is(err, os.ErrNotExist)
	switch {
	case missing && (c.set.mode == "ro" || c.set.mode == "rw"):
		return cause{"the file does not exist, and mode=" + c.set.mode + " creates none", "correct the name, or set mode=rwc to create it"}
	case err != nil && !missing:
		return cause{err.Error(), "correct the name, or let this user into the folder"}
	case !missing && info.IsDir():
		return cause{"it is a folder", "name a file in it"}
	case !missing && !mayRead(c.path):
		return cause{"permission denied", "give the user of the program the right to read and write the file"}
	case c.set.mode != "ro" && !mayWriteFolder(dir):
		return cause{fmt.Sprintf("this user may not create files in the folder %q", dir), "give the user of the program that right, or set mode=ro"}
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		return cause{err.Error(), "check the limit of open files"}
	}
	_ = f.Close() // it was only read
	return cause{}
}

//go:build unix

package sqlite

import (
	"os"
	"strings"
	"syscall"
)

// absolute returns the path of the file with this name, which comes from the given field of a Config.
func absolute(field, name string) (string, error) {
	dir := ""
	if !strings.HasPrefix(name, "/") {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return "", wrong(field, "is relative, and the working directory is not known", "write an absolute path")
		}
	}
	return unixName(field, name, dir)
}

// The modes of access(2) are the same on every unix.
const (
	execute = 1
	write   = 2
	read    = 4
)

func mayRead(path string) bool { return syscall.Access(path, read) == nil }

func mayWriteFolder(path string) bool { return syscall.Access(path, write|execute) == nil }

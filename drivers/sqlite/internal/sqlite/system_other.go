//go:build !unix && !windows

package sqlite

import (
	"errors"
)

// absolute is never asked: modernc.org/sqlite supports no such system.
func absolute(field, name string) (string, error) { return "", errors.ErrUnsupported }

func mayRead(string) bool { return false }

func mayWriteFolder(string) bool { return false }

package sqlite

import (
	"os"
	"path/filepath"
)

// absolute returns the path of the file with this name, which comes from the given field of a Config.
func absolute(field, name string) (string, error) {
	name, err := windowsName(field, name)
	if err != nil {
		return "", err
	}
	path, err := filepath.Abs(name) // each drive has a working directory
	if err != nil {
		return "", err
	}
	return windowsName(field, path) // reserved names have become devices
}

// mayRead opens the file: on Windows closing it again leaves the locks of other handles alone.
func mayRead(path string) bool {
	f, err := os.Open(path)
	if err == nil {
		_ = f.Close() // it was only read
	}
	return err == nil
}

// mayWriteFolder does not know: only creating a file would tell.
func mayWriteFolder(string) bool { return true }

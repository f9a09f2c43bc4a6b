package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sweep removes from the module cache the versions of the library that this package put there more than a day
// ago, and that no process uses any more: the go command itself never removes any.
func sweep(keep string) error {
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("find the module cache: %w", err)
	}
	cache, library := strings.TrimSpace(string(out)), filepath.FromSlash(Library)
	var found []string
	for _, pattern := range []string{
		filepath.Join(cache, library+"@"+prefix+"*"),
		filepath.Join(cache, "cache", "download", library, "@v", prefix+"*"),
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		found = append(found, paths...)
	}
	var errs []error
	for _, path := range found {
		info, err := os.Stat(path)
		if err != nil || strings.Contains(path, keep) || time.Since(info.ModTime()) < 24*time.Hour {
			continue // or another process has just removed it
		}
		errs = append(errs, remove(path))
	}
	return errors.Join(errs...)
}

// remove removes what the go command has written without the right to change it.
func remove(path string) error {
	err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, os.RemoveAll(path))
}

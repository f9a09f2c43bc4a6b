package configfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// isPEM reports whether a field takes PEM text, and so the name of a PEM file.
func isPEM(field string) bool {
	return slices.Contains([]string{"ssl.ca", "ssl.cert", "ssl.key"}, field)
}

// longestPEM is far more than a bundle of all public roots.
const longestPEM = 4 << 20

// readPEM returns the text of the file that a value names with "file:", relative to dir, or the value itself
// where it is PEM text.
func readPEM(field, value, dir string) (string, error) {
	wrong := func(problem, cure string) error {
		return &registry.ConfigError{Field: field, Problem: problem, Cure: cure}
	}
	name, isFile := strings.CutPrefix(value, "file:")
	switch {
	case value == "" || strings.Contains(value, "-----BEGIN "):
		return value, nil
	case !isFile:
		return "", wrong("is not PEM text", "write the text itself, or file: and the path of the file")
	case !filepath.IsAbs(name):
		name = filepath.Join(dir, name)
	}
	text, err := readFile(name)
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return "", wrong(fmt.Sprintf("names the file %q, which cannot be read: %v", name, path.Err), "correct the path; it is relative to the folder of the config")
	case err != nil:
		return "", wrong(fmt.Sprintf("names the file %q, which cannot be read: %v", name, err), "")
	case !strings.Contains(text, "-----BEGIN "):
		return "", wrong(fmt.Sprintf("names the file %q, which holds no PEM text", name), "name the right file, or convert it to PEM")
	}
	return text, nil
}

func readFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, longestPEM+1))
	if len(text) > longestPEM {
		err = errors.New("it is too long for PEM text")
	}
	return string(text), errors.Join(err, f.Close())
}

package sandbox

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	modzip "golang.org/x/mod/zip"
)

// file is a file of the library as it was at one moment. The module cache keeps a version for good, so what its
// name is made of has to be what is packed, even while somebody is saving files.
type file struct {
	path string
	text []byte
}

// snapshot reads the files that belong to the module in a folder, and replaces or adds the changes. It fails where
// one has a name or size that no module may have: it could not be published.
// https://go.dev/ref/mod#zip-path-size-constraints
func snapshot(root string, changes map[string]string) (files []modzip.File, sum string, err error) {
	checked, err := modzip.CheckDir(root)
	if err != nil {
		return nil, "", err
	}
	texts := make(map[string][]byte)
	for _, full := range checked.Valid {
		name, err := filepath.Rel(root, full)
		if err != nil {
			return nil, "", err
		}
		if texts[filepath.ToSlash(name)], err = os.ReadFile(full); err != nil {
			return nil, "", err
		}
	}
	for name, text := range changes {
		texts[name] = []byte(text)
	}
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(hash, "%q %q\n", name, texts[name])
		files = append(files, file{name, texts[name]})
	}
	return files, fmt.Sprintf("%x", hash.Sum(nil)), nil
}

func (f file) Path() string                 { return f.path }
func (f file) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.text)), nil }
func (f file) Lstat() (fs.FileInfo, error)  { return f, nil }

func (f file) Name() string       { return path.Base(f.path) }
func (f file) Size() int64        { return int64(len(f.text)) }
func (f file) Mode() fs.FileMode  { return 0o644 }
func (f file) ModTime() time.Time { return time.Time{} }
func (f file) IsDir() bool        { return false }
func (f file) Sys() any           { return nil }

package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Root is the folder of the library in this checkout.
func Root() (string, error) { return root() }

var root = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", Library).Output()
	if err != nil {
		return "", fmt.Errorf("find the library: %w", err)
	}
	root := strings.TrimSpace(string(out))
	return root, observe(root)
})

// observe has the go command run a test again after any change to the library, rather than repeat a cached result.
// It remembers the files that a test has looked at, but only those below the test's own module, which is tools: so
// they are looked at as tools/../README.md. https://pkg.go.dev/cmd/go#hdr-Test_packages
func observe(root string) error {
	return fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == ".git" || path == "tools") {
			return fs.SkipDir
		}
		_, _ = os.Stat(filepath.Join(root, "tools") + "/../" + path) // that it is gone counts as well
		return nil
	})
}

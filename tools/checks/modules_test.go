package checks

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// vendored returns the database modules in the folder vendor, which modules.txt has to agree with.
func vendored(t *testing.T, p *sandbox.Program) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.Dir, "vendor", "modules.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var listed, copied []string
	for _, m := range regexp.MustCompile(`(?m)^# (\S+) `).FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, m[1])
	}
	for _, info := range registry.Known() {
		if _, err := os.Stat(filepath.Join(p.Dir, "vendor", filepath.FromSlash(info.Module))); err == nil {
			copied = append(copied, info.Module)
		}
	}
	listed = databaseModules(listed)
	if copied = databaseModules(copied); !slices.Equal(copied, listed) {
		t.Errorf("go mod vendor lists %q and copies %q", listed, copied)
	}
	return copied
}

// databaseModules returns those of the paths that are database modules, sorted.
func databaseModules(paths []string) []string {
	var found []string
	for _, info := range registry.Known() {
		if slices.Contains(paths, info.Module) {
			found = append(found, info.Module)
		}
	}
	slices.Sort(found)
	return found
}

// modules returns the database modules of the dialects, sorted.
func modules(dialects []string) []string {
	var paths []string
	for _, name := range dialects {
		info, _ := registry.Describe(name)
		paths = append(paths, info.Module)
	}
	return databaseModules(paths)
}

// dialects returns the names.
func dialects(infos []registry.Info) []string {
	var names []string
	for _, info := range infos {
		names = append(names, info.Dialect)
	}
	return names
}

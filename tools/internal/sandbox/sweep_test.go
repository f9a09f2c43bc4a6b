package sandbox

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSweepRemovesWhatIsOldAndItsOwn(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("GOMODCACHE", cache)
	download := filepath.Join("cache", "download", filepath.FromSlash(Library), "@v")
	remains := map[string]bool{
		filepath.FromSlash(Library) + "@" + prefix + "old":  false,
		filepath.FromSlash(Library) + "@" + prefix + "new":  true,
		filepath.FromSlash(Library) + "@" + prefix + "mine": true,
		filepath.FromSlash(Library) + "@v0.0.1":             true,
		filepath.Join(download, prefix+"old.zip"):           false,
		filepath.Join(download, prefix+"mine.zip"):          true,
		filepath.Join(download, "v0.0.1.zip"):               true,
		filepath.FromSlash(Library) + "x@" + prefix + "old": true,
	}
	for path := range remains {
		dir := filepath.Join(cache, path)
		inner := filepath.Join(dir, "folder")
		if err := os.MkdirAll(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(inner, "file"), nil, 0o444); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-25 * time.Hour)
		if filepath.Base(path) != filepath.Base(Library)+"@"+prefix+"new" {
			if err := os.Chtimes(dir, old, old); err != nil {
				t.Fatal(err)
			}
		}
		for _, folder := range []string{inner, dir} { // as the go command leaves them
			if err := os.Chmod(folder, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(folder, 0o755) }) // it may be gone
		}
	}
	if err := sweep(prefix + "mine"); err != nil {
		t.Fatal(err)
	}
	for path, want := range remains {
		if _, err := os.Stat(filepath.Join(cache, path)); (err == nil) != want {
			t.Errorf("%s remains: %v, want %v", path, err == nil, want)
		}
	}
}

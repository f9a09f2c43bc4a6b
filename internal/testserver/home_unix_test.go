//go:build unix

package testserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestATemporaryFolderThatIsOfNoUseIsNotUsed(t *testing.T) {
	open := openDir(t)
	closed := filepath.Join(open, "closed")
	inside := filepath.Join(closed, "open")
	for dir, mode := range map[string]os.FileMode{closed: 0o700, inside: 0o777} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	wantClosed := inside
	if isRoot() {
		wantClosed = "/tmp" // where its servers run as somebody else
	}
	for dir, want := range map[string]string{
		open:                                    open,
		inside:                                  wantClosed,
		open + "/" + strings.Repeat("long", 20): "/tmp",
	} {
		if got := reachable(dir); got != want {
			t.Errorf("for %s it uses %s, want %s", dir, got, want)
		}
	}
}

func TestNothingStartsAfterShutdown(t *testing.T) {
	if _, err := home(); err != nil {
		t.Fatal(err)
	}
	defer built.Store(built.Swap(nil)) // as Shutdown does it
	if _, err := home(); err == nil {
		t.Error("a server can be started that nobody would end")
	}
	if err := Shutdown(); err != nil {
		t.Errorf("a second Shutdown: %v", err)
	}
}

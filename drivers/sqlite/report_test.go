//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite_test

import (
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// The summary of the tests tells which SQLite they ran against.
func TestReport(t *testing.T) {
	db, err := conn.OpenURL(t.Context(), "sqlite::memory:", conn.WithObserver(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var version string
	if err := db.QueryRow("select sqlite_version()").Scan(&version); err != nil || version == "" {
		t.Fatalf("version %q, %v", version, err)
	}
	testserver.Report("sqlite", "SQLite "+version+" in the test process")
}

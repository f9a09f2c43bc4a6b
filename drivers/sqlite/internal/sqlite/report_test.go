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

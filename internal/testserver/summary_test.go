package testserver_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestTheSummaryMergesWhatTestProcessesReport(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATCHBAY_TEST_SUMMARY", dir)
	testserver.Report("sqlite", "SQLite 3.54.0")
	testserver.Report("other", "no\ttabs,\nno lines")
	testserver.Report("postgres", "private server PostgreSQL 15.18")
	testserver.Report("postgres", "private server PostgreSQL 15.18")
	other := "mssql\tprotocol only\npostgres\tprivate server PostgreSQL 15.18\npostgres\tskipped: for a change\n"
	if err := os.WriteFile(filepath.Join(dir, "conn.test-1"), []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	facts, err := testserver.ReadSummary(dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, fact := range facts {
		lines = append(lines, fact.String())
	}
	want := []string{
		"postgres: private server PostgreSQL 15.18 (2 test processes)",
		"postgres: skipped: for a change (1 test process)",
		"sqlite: SQLite 3.54.0 (1 test process)",
		"mssql: protocol only (1 test process)",
		"other: no tabs, no lines (1 test process)",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%q\nwant %q", lines, want)
	}
}

func TestASummaryThatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	if _, err := testserver.ReadSummary(filepath.Join(dir, "absent")); err == nil {
		t.Error("a missing folder is none")
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("no tab\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := testserver.ReadSummary(dir); err == nil {
		t.Error("a line without a tab is none")
	}
}

func TestAReportThatCannotBeWrittenPanics(t *testing.T) {
	t.Setenv("PATCHBAY_TEST_SUMMARY", filepath.Join(t.TempDir(), "absent"))
	defer func() {
		if recover() == nil {
			t.Error("it went unnoticed")
		}
	}()
	testserver.Report("sqlite", "SQLite")
}

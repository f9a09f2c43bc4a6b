package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

func TestAFileIsATable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte("name,\"born \"\"in\"\"\"\nAda,1815\nGrace,1906\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := count(t.Context(), conn.Config{Dialect: "csv", Filename: path}); err != nil || n != 2 {
		t.Errorf("got %d, %v", n, err)
	}
	// It is a dialect as any other: in a URL, by its alias, kept by a manager, with kinds of failure.
	cfg, err := conn.ParseURL("comma:" + filepath.ToSlash(path) + "?pool.max=3")
	if err != nil {
		t.Fatal(err)
	}
	m := manager.New()
	defer func() {
		if err := m.CloseAll(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	db, err := m.Get(t.Context(), "people", cfg)
	if err != nil {
		t.Fatal(err)
	}
	var born string
	if err := db.QueryRow(`select "born ""in""" from data where name = ?`, "Ada").Scan(&born); err != nil || born != "1815" {
		t.Errorf("got %q, %v", born, err)
	}
	if _, err := db.Exec("delete from data"); db.Diagnose(err).Kind != conn.KindReadOnly {
		t.Errorf("deleting: %v", err)
	}
	if v, err := db.Version(t.Context()); err != nil || !strings.HasPrefix(v, "3.") || db.Dialect() != "csv" {
		t.Errorf("got %s, %v", v, err)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	for url, want := range map[string]conn.Kind{
		"csv:missing.csv": conn.KindCannotOpen, "csv:main.go?mode=ro": conn.KindConfig,
	} {
		if _, err := conn.OpenURL(t.Context(), url); conn.KindOf(err) != want {
			t.Errorf("%s: got %v", url, err)
		}
	}
}

package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

func TestWithoutCreatingAllElseIsAsTheParamsSay(t *testing.T) {
	for _, tt := range []struct {
		given         map[string]string
		memory        bool
		mode, journal string
		pragma        string
	}{
		{nil, false, "rw", "keep", ""},
		{map[string]string{"mode": "RWC", "journal_mode": "WAL"}, false, "rw", "keep", ""},
		{map[string]string{"mode": "rw"}, false, "rw", "keep", ""},
		{map[string]string{"mode": "ro"}, false, "ro", "", ""},
		{map[string]string{"foreign_keys": "off"}, false, "rw", "keep", "pragma foreign_keys=0;"},
		{map[string]string{"foreign_keys": "off"}, true, "", "", "pragma foreign_keys=0;"},
	} {
		set, err := readParams(tt.given, tt.memory, true)
		if err != nil || set.mode != tt.mode || set.journal != tt.journal || !strings.Contains(set.writable.text, tt.pragma) {
			t.Errorf("%v give %+v, %v; want mode %q, journal_mode %q and %q", tt.given, set, err, tt.mode, tt.journal, tt.pragma)
		}
		if len(set.writable.asked) > 0 {
			t.Errorf("%v change the journal: %v", tt.given, set.writable)
		}
	}
	for _, given := range []map[string]string{{"mode": "rx"}, {"journal_mode": "wall"}} {
		if _, err := readParams(given, false, true); err == nil {
			t.Errorf("%v are taken", given)
		}
	}
}

// TestWhatSQLiteKeepsIsAnError is the part of case E12 that only SQLite knows: it answers with the mode that it has, and no
// error. Here defensive=on, which no Config can have together with journal_mode=off, stands for a file system without
// shared memory.
func TestWhatSQLiteKeepsIsAnError(t *testing.T) {
	base, err := newConnector(fileURI(filepath.Join(t.TempDir(), "x.db"), "_defensive=1&"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := base.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var s script
	s.add("params.", "foreign_keys", "1")
	s.add("params.", "journal_mode", "off")
	var wrong *registry.ConfigError
	err = (&settings{writable: s, readable: s}).apply(t.Context(), conn)
	if !errors.As(err, &wrong) || wrong.Field != "params.journal_mode" || !strings.Contains(err.Error(), "it keeps delete") {
		t.Errorf("got %v", err)
	}
}

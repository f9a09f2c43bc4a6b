package sqlite

import (
	"strings"
	"testing"
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
		if err != nil || set.mode != tt.mode || set.journal != tt.journal || !strings.Contains(set.writable, tt.pragma) {
			t.Errorf("%v give %+v, %v; want mode %q, journal_mode %q and %q", tt.given, set, err, tt.mode, tt.journal, tt.pragma)
		}
		if strings.Contains(set.writable, "journal_mode") {
			t.Errorf("%v change the journal: %s", tt.given, set.writable)
		}
	}
	for _, given := range []map[string]string{{"mode": "rx"}, {"journal_mode": "wall"}} {
		if _, err := readParams(given, false, true); err == nil {
			t.Errorf("%v are taken", given)
		}
	}
}

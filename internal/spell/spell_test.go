package spell_test

import (
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/spell"
)

func TestNearest(t *testing.T) {
	names := []string{"postgres", "pg", "mysql", "sqlite", "sqlite3"}
	for word, want := range map[string]string{
		"postgers":                      "postgres", // swapped
		"postgre":                       "postgres", // too few
		"postgrees":                     "postgres",
		"Postgras":                      "postgres",
		"psotgras":                      "postgres", // two mistakes
		"pstogars":                      "",         // three
		"mysq":                          "mysql",    // one, in a short word
		"mysk":                          "",         // two
		"sqlite":                        "sqlite",   // nearer than sqlite3
		"sqlite4":                       "sqlite",   // of two that are as near, the first
		"oracle":                        "",
		"":                              "",
		strings.Repeat("postgres", 100): "",
	} {
		if got := spell.Nearest(word, names); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	long := strings.Repeat("x", 100)
	if got := spell.Nearest("y"+long, []string{"postgres", long}); got != long {
		t.Errorf("of a long name: %q", got)
	}
	if got := spell.Nearest("x", nil); got != "" {
		t.Errorf("nothing is nearest to %q", got)
	}
}

package testdriver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// ErrorsDocument is where the codes of all dialects are listed, seen from the package of a driver.
var ErrorsDocument = filepath.Join("..", "..", "..", "..", "docs", "errors.md")

// CodesOf lists the codes of a table by kind, as [CodesDocumented] wants them.
func CodesOf(table network.Table) map[registry.Kind][]string {
	codes := make(map[registry.Kind][]string)
	for _, row := range table.Codes {
		for code := range strings.FieldsSeq(row.Codes) {
			if !slices.Contains(codes[row.Kind], code) {
				codes[row.Kind] = append(codes[row.Kind], code)
			}
		}
	}
	return codes
}

// CodesDocumented compares the codes of a dialect with its rows in docs/errors.md. Each kind has a section there, whose
// heading begins with its name, and in it a row for each dialect that has codes of it. A row that is missing or wrong is
// printed as it should be.
func CodesDocumented(t testing.TB, dialect string, codes map[registry.Kind][]string) {
	t.Helper()
	text, err := os.ReadFile(ErrorsDocument)
	if err != nil {
		t.Fatal(err)
	}
	for kind := registry.KindUnknown + 1; !strings.HasPrefix(kind.String(), "kind "); kind++ {
		_, section, found := strings.Cut(string(text), "\n### "+kind.String()+": ")
		if !found {
			t.Errorf("docs/errors.md has no section for the kind %q", kind)
		}
		section, _, _ = strings.Cut(section, "\n#")
		want, got := "", ""
		if listed := slices.Clone(codes[kind]); len(listed) != 0 {
			slices.SortStableFunc(listed, func(a, b string) int { // numbers by their size
				if len(a) != len(b) {
					return len(a) - len(b)
				}
				return strings.Compare(a, b)
			})
			want = "| " + dialect + " | " + strings.Join(listed, ", ") + " |"
		}
		for line := range strings.Lines(section) {
			if strings.HasPrefix(line, "| "+dialect+" |") {
				got = strings.TrimSpace(line)
			}
		}
		if got != want {
			t.Errorf("the row of the kind %q in docs/errors.md should be\n%s", kind, want)
		}
	}
}

package testdriver

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

var (
	paramTable = regexp.MustCompile(`(?m)^//\tname .*\n((?://\t.*\n)+)`)
	paramRow   = regexp.MustCompile(`(?m)^//\t(\w+) +(.*(?:\n//\t .*)*)`)
)

// Documented compares the tables of Params in doc.go of the package that links the driver under test with the params that are in
// the code: each has a row, no row is of another, and a row names all words that its param takes.
func Documented(t testing.TB, file string, lists ...[]registry.Param) {
	t.Helper()
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	described := make(map[string]string)
	for _, table := range paramTable.FindAllSubmatch(doc, -1) {
		for _, row := range paramRow.FindAllSubmatch(table[1], -1) {
			described[string(row[1])] = string(row[2])
		}
	}
	var known []string
	for _, p := range slices.Concat(lists...) {
		known = append(known, p.Name)
		for _, word := range p.Words {
			// A hyphen is part of a word: read-only does not name read.
			if !regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(word) + `($|[^\w-])`).MatchString(described[p.Name]) {
				t.Errorf("the row of %s does not name %q", p.Name, word)
			}
		}
	}
	slices.Sort(known)
	if documented := slices.Sorted(maps.Keys(described)); !slices.Equal(documented, known) {
		t.Errorf("documented are\n%v, known are\n%v", documented, known)
	}
}

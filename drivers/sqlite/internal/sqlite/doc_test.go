package sqlite

import (
	"slices"
	"strconv"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestTheDocumentationListsEveryParam(t *testing.T) {
	var all []registry.Param
	for _, p := range slices.Concat(params, pragmas) {
		words := p.Words
		switch {
		case p.isFlag():
			words = []string{"on", "off"}
		case p.preset != "":
			words = append([]string{p.preset}, words...)
		}
		all = append(all, registry.Param{Name: p.Name, Words: words})
	}
	testdriver.Documented(t, "../../doc.go", all)
}

func TestTheDocumentationListsEveryCode(t *testing.T) {
	codes := make(map[registry.Kind][]string)
	for _, r := range results {
		codes[r.kind] = append(codes[r.kind], strconv.Itoa(r.code))
	}
	for _, row := range texts {
		if only := strconv.Itoa(generic); !slices.Contains(codes[row.kind], only) {
			codes[row.kind] = append(codes[row.kind], only)
		}
	}
	testdriver.CodesDocumented(t, "sqlite", codes)
}

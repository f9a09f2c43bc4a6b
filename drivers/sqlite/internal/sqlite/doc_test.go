package sqlite

import (
	"slices"
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

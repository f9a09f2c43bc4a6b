//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestTheDocumentationListsEveryParam(t *testing.T) {
	var all []registry.Param
	for _, p := range params {
		words := p.words
		switch {
		case p.flag:
			words = []string{"on", "off"}
		case p.preset != "":
			words = append([]string{p.preset}, words...)
		}
		all = append(all, registry.Param{Name: p.name, Words: words})
	}
	testdriver.Documented(t, all)
}

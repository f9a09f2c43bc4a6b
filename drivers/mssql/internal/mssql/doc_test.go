package mssql

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/testdriver"
)

func TestTheDocumentationListsEveryParam(t *testing.T) {
	testdriver.Documented(t, "../../doc.go", params, options)
}

func TestTheDocumentationListsEveryCode(t *testing.T) {
	testdriver.CodesDocumented(t, "mssql", testdriver.CodesOf(table))
}

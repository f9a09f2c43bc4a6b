package postgres

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/testdriver"
)

func TestTheDocumentationListsEveryParam(t *testing.T) {
	testdriver.Documented(t, "../../doc.go", driverParams)
}

func TestTheDocumentationListsEveryCode(t *testing.T) {
	testdriver.CodesDocumented(t, "postgres", testdriver.CodesOf(table))
}

package testdriver

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// Codes has every row of a table matched by the error that it was made for, and by no row before it. message makes the
// error of the database driver.
func (d Driver) Codes(t *testing.T, table network.Table, message func(code string, row network.Code) error) {
	t.Helper()
	for i, row := range table.Codes {
		for code := range strings.FieldsSeq(row.Codes) {
			code = strings.ReplaceAll(code, "*", "000")
			err := fmt.Errorf("wrapped: %w", message(code, row))
			got := d.Diagnose(err)
			if got.Kind != row.Kind || got.Hint != row.Hint || got.Permanent != row.Permanent || got.Code != code {
				reached := slices.IndexFunc(table.Codes, func(r network.Code) bool { return r.Hint == got.Hint && r.Kind == got.Kind })
				t.Errorf("row %d: %s %q is %+v, which is row %d", i, row.Codes, row.Text, got, reached)
			}
			if row.Permanent && !row.Kind.Retryable() && row.Kind != registry.KindTimeout && row.Kind != registry.KindCanceled {
				t.Errorf("row %d: %s is permanent, and its kind is not tried again anyway", i, row.Codes)
			}
		}
	}
}

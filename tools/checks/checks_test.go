// Package checks holds the project's checks of what programs outside it meet: what they link, and what they are
// told. It has tests only.
package checks

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := errors.Join(sandbox.Close(), testserver.Shutdown()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

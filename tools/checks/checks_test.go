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
	code, finish := 0, func() error { return runTool(os.Args[1:]) }
	if os.Getenv(withoutBuildInfo) == "" {
		code, finish = m.Run(), func() error { return errors.Join(sandbox.Close(), testserver.Shutdown()) }
	}
	if err := finish(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

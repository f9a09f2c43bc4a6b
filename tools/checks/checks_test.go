// Package checks holds the project's checks of what programs outside it meet: what they link, and what they are
// told. It has tests only.
package checks

import (
	"testing"

	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

func TestMain(m *testing.M) { sandbox.Main(m) }

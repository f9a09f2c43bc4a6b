package manager_test

import (
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestMain(m *testing.M) { testserver.Main(m) }

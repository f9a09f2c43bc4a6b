//go:build !(sqlite || alldrivers)

package sqlite

import (
	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/platform"
	"github.com/patchbay-go/patchbay/registry"
)

func linked() registry.Driver { return registry.Absent("sqlite", platform.Supported...) }

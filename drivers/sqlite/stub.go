//go:build !(sqlite || alldrivers)

package sqlite

import (
	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/platform"
	"github.com/patchbay-go/patchbay/registry"
)

var linked = registry.Absent("sqlite", platform.Supported...)

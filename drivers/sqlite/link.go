//go:build sqlite || alldrivers

package sqlite

import (
	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

func linked() registry.Driver { return sqlite.Driver() }

//go:build sqlite || alldrivers

package sqlite

import "github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"

var linked = sqlite.Driver()

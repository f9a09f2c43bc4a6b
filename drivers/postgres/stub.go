//go:build !(postgres || alldrivers)

package postgres

import "github.com/patchbay-go/patchbay/registry"

var linked = registry.Absent("postgres")

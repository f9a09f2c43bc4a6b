//go:build !(mysql || alldrivers)

package mysql

import "github.com/patchbay-go/patchbay/registry"

var linked = registry.Absent("mysql")

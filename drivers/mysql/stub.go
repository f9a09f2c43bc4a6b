//go:build !(mysql || alldrivers)

package mysql

import "github.com/patchbay-go/patchbay/registry"

func linked() registry.Driver { return registry.Absent("mysql") }

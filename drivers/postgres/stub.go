//go:build !(postgres || alldrivers)

package postgres

import "github.com/patchbay-go/patchbay/registry"

func linked() registry.Driver { return registry.Absent("postgres") }

//go:build !(mssql || alldrivers)

package mssql

import "github.com/patchbay-go/patchbay/registry"

var linked = registry.Absent("mssql")

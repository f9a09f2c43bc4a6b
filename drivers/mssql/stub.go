//go:build !(mssql || alldrivers)

package mssql

import "github.com/patchbay-go/patchbay/registry"

func linked() registry.Driver { return registry.Absent("mssql") }

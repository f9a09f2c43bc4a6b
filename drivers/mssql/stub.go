//go:build !(mssql || alldrivers)

package mssql

import "github.com/patchbay-go/patchbay/registry"

func init() { registry.Stub("mssql") }

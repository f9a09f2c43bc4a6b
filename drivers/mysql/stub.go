//go:build !(mysql || alldrivers)

package mysql

import "github.com/patchbay-go/patchbay/registry"

func init() { registry.Stub("mysql") }

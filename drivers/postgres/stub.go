//go:build !(postgres || alldrivers)

package postgres

import "github.com/patchbay-go/patchbay/registry"

func init() { registry.Stub("postgres") }

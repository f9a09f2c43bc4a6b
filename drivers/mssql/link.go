//go:build mssql || alldrivers

package mssql

import (
	"github.com/patchbay-go/patchbay/drivers/mssql/internal/mssql"
	"github.com/patchbay-go/patchbay/registry"
)

func linked() registry.Driver { return mssql.Driver() }

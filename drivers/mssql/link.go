//go:build mssql || alldrivers

package mssql

import "github.com/patchbay-go/patchbay/drivers/mssql/internal/mssql"

var linked = mssql.Driver()

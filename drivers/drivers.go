// Package drivers imports the drivers of all dialects, so that the build tags alone choose which of them a
// program links: -tags postgres,sqlite or -tags alldrivers. A program that should never link more than it needs
// imports the packages of its dialects instead. Nothing but this import is in it.
package drivers

import (
	_ "github.com/patchbay-go/patchbay/drivers/mssql"
	_ "github.com/patchbay-go/patchbay/drivers/mysql"
	_ "github.com/patchbay-go/patchbay/drivers/postgres"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite"
)

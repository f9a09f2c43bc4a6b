//go:build postgres || alldrivers

package postgres

import "github.com/patchbay-go/patchbay/drivers/postgres/internal/postgres"

var linked = postgres.Driver()

//go:build postgres || alldrivers

package postgres

import (
	"github.com/patchbay-go/patchbay/drivers/postgres/internal/postgres"
	"github.com/patchbay-go/patchbay/registry"
)

func linked() registry.Driver { return postgres.Driver() }

package mssql

import (
	"context"
	"database/sql/driver"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// connector makes a connector of the driver for every connection, which so has a login and a TLS config of its
// own.
type connector struct {
	cfg  registry.Config
	env  registry.Env
	set  settings
	dial dialFunc

	tls  *network.TLS // verifies, unless the config says not to
	name string       // to find in certificates; empty: the host
}

// Driver is that of go-mssqldb which takes parameters as @p1 and @name only.
func (c *connector) Driver() driver.Driver { return new(mssql.Driver) }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return network.LogIn(ctx, &c.cfg, c.env, table.Diagnose, c.logIn)
}

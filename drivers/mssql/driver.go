//go:build mssql || alldrivers

package mssql

import (
	"database/sql/driver"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return dialect{} }

// dialect also is a [registry.Dialer], [registry.SystemDatabaser], [registry.Versioner] and [registry.Adviser].
type dialect struct{ network.Dialer }

func (dialect) Info() registry.Info {
	info, _ := registry.Describe("mssql")
	return info
}

// SystemDatabase names the database that holds what belongs to the whole server.
// https://learn.microsoft.com/sql/relational-databases/databases/master-database
func (dialect) SystemDatabase(cfg registry.Config) registry.Config {
	cfg.Database = "master"
	return cfg
}

// VersionQuery asks for a version such as "16.0.1000.6".
// https://learn.microsoft.com/sql/t-sql/functions/serverproperty-transact-sql
func (dialect) VersionQuery() string {
	return "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))"
}

func (dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	return build(cfg, env)
}

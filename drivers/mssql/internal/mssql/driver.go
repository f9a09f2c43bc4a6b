// Package mssql is the driver that package drivers/mssql links where its build tag says so, and which its
// documentation describes.
package mssql

import (
	"database/sql"
	"database/sql/driver"

	"github.com/patchbay-go/patchbay/registry"
)

// Driver returns the driver of SQL Server.
func Driver() registry.Driver { return &theDialect }

type dialect struct{}

var theDialect dialect // one for all, as registering it again is nothing

// systemDatabase holds what belongs to the whole server.
// https://learn.microsoft.com/sql/relational-databases/databases/master-database
const systemDatabase = "master"

func (*dialect) Info() registry.Info {
	info, _ := registry.Describe("mssql")
	info.DriverName, info.Placeholder, info.Quotes = "sqlserver", registry.At, "[]"
	// https://learn.microsoft.com/sql/t-sql/statements/set-transaction-isolation-level-transact-sql
	info.Levels = []sql.IsolationLevel{sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSnapshot, sql.LevelSerializable}
	// A version such as "16.0.1000.6". https://learn.microsoft.com/sql/t-sql/functions/serverproperty-transact-sql
	info.VersionQuery = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))"
	// https://learn.microsoft.com/sql/t-sql/functions/databasepropertyex-transact-sql
	info.RoleQuery = "SELECT CASE DATABASEPROPERTYEX(DB_NAME(), 'Updateability') WHEN 'READ_WRITE' THEN 1 WHEN 'READ_ONLY' THEN 0 END"
	return info
}

func (*dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	if env.NoDatabase {
		cfg.Database = systemDatabase
	}
	return build(cfg, env)
}

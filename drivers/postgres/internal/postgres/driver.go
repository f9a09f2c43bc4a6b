// Package postgres is the driver that package drivers/postgres links where its build tag says so, and which its
// documentation describes.
package postgres

import (
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"

	"github.com/patchbay-go/patchbay/registry"
)

// Driver returns the driver of PostgreSQL.
func Driver() registry.Driver { return &theDialect }

type dialect struct{}

var theDialect dialect // one for all, as registering it again is nothing

// systemDatabase is there for utilities and users. https://www.postgresql.org/docs/current/creating-cluster.html
const systemDatabase = "postgres"

func (*dialect) Info() registry.Info {
	info, _ := registry.Describe("postgres")
	info.DriverName, info.Placeholder = "pgx", registry.Dollar
	info.QueryArgs = []any{pgx.QueryExecModeExec} // which leaves no prepared statement behind, not even with a pooler
	// https://www.postgresql.org/docs/current/transaction-iso.html; a snapshot is what its repeatable read works on.
	info.Levels = []sql.IsolationLevel{sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSnapshot, sql.LevelSerializable}
	info.VersionQuery = "SHOW server_version"
	info.RoleQuery = "SELECT CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only')::bool THEN 0 ELSE 1 END"
	return info
}

func (*dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	if env.NoDatabase {
		cfg.Database = systemDatabase
	}
	return newConnector(cfg, env)
}

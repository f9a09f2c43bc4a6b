// Package postgres is the driver that package drivers/postgres links where its build tag says so, and which its
// documentation describes.
package postgres

import (
	"database/sql"
	"database/sql/driver"

	"github.com/patchbay-go/patchbay/registry"
)

// Driver returns the driver of PostgreSQL.
func Driver() registry.Driver { return dialect{} }

type dialect struct{}

// systemDatabase is there for utilities and users. https://www.postgresql.org/docs/current/creating-cluster.html
const systemDatabase = "postgres"

func (dialect) Info() registry.Info {
	info, _ := registry.Describe("postgres")
	info.DriverName, info.Placeholder = "pgx", registry.Dollar
	// https://www.postgresql.org/docs/current/transaction-iso.html; a snapshot is what its repeatable read works on.
	info.Levels = []sql.IsolationLevel{sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSnapshot, sql.LevelSerializable}
	info.VersionQuery = "SHOW server_version"
	info.RoleQuery = "SELECT CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only')::bool THEN 0 ELSE 1 END"
	return info
}

func (dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	if env.NoDatabase {
		cfg.Database = systemDatabase
	}
	config, err := build(cfg, env)
	if err != nil {
		return nil, err
	}
	// What prints a connector prints its config, in which only a Secret hides the password.
	cfg.User, cfg.Password = config.User, registry.NewSecret(config.Password)
	config.Password = ""
	return &connector{config, cfg, env}, nil
}

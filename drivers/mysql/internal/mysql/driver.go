// Package mysql is the driver that package drivers/mysql links where its build tag says so, and which its
// documentation describes.
package mysql

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// Driver returns the driver of MySQL and MariaDB.
func Driver() registry.Driver { return &theDialect }

type dialect struct{}

var theDialect dialect // one for all, as registering it again is nothing

const defaultPort = 3306

func (*dialect) Info() registry.Info {
	info, _ := registry.Describe("mysql")
	info.DriverName, info.Placeholder, info.Quotes = "mysql", registry.Question, "``"
	// https://dev.mysql.com/doc/refman/8.4/en/innodb-transaction-isolation-levels.html
	info.Levels = []sql.IsolationLevel{sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable}
	info.VersionQuery = "SELECT VERSION()"
	info.RoleQuery = roleQuery
	return info
}

func (*dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	if env.NoDatabase {
		cfg.Database = "" // the server can be logged in to without one
	}
	c := &connector{config: mysql.NewConfig(), cfg: cfg, env: env}
	params, badParams := words.CheckParams(c.cfg.Params)
	session, badSession := sessionOf(&c.cfg)
	encryption, badTLS := network.NewTLS(&c.cfg)
	if err := errors.Join(network.CheckFields(&c.cfg), badParams, cleartext(&c.cfg, params), badSession, badTLS); err != nil {
		return nil, err
	}
	for name, value := range params {
		apply(c.config, name, value)
	}
	var err error
	if c.config.Loc, err = zoneOf(params["loc"], session); err != nil {
		return nil, err
	}
	c.tls, c.session = encryption, statements(session)
	c.config.Net, c.config.Addr = network.Address(&c.cfg, defaultPort)
	c.config.DBName = c.cfg.Database
	c.config.ParseTime = true
	// A comma would end the attribute.
	c.config.ConnectionAttributes = "program_name:" + strings.ReplaceAll(network.AppName(&c.cfg), ",", " ")
	s := &stopper{connector: c, warn: env.Warn}
	c.stop, c.close = s.stop, s.close
	return c, nil
}

//go:build mysql || alldrivers

package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return dialect{} }

// dialect also is a [registry.Dialer], [registry.SystemDatabaser], [registry.Versioner] and [registry.Adviser].
type dialect struct{ network.Dialer }

func (dialect) Info() registry.Info {
	info, _ := registry.Describe("mysql")
	return info
}

// SystemDatabase names no database: the server can be logged in to without one.
func (dialect) SystemDatabase(cfg registry.Config) registry.Config {
	cfg.Database = ""
	return cfg
}

func (dialect) VersionQuery() string { return "SELECT VERSION()" }

func (dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	set, err := readParams(cfg)
	tlsConfig, wrong := network.TLSConfig(cfg)
	if err := errors.Join(network.CheckFields(cfg), err, wrong); err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.Net, config.Addr = network.Address(cfg, 3306)
	config.User, config.Passwd, config.DBName = cfg.User, cfg.Password.Reveal(), cfg.Database
	config.TLS = tlsConfig
	config.Loc, config.ParseTime = set.location, true
	// A comma would end the attribute.
	config.ConnectionAttributes = "program_name:" + strings.ReplaceAll(network.AppName(cfg), ",", " ")
	for _, apply := range set.driver {
		apply(config)
	}
	return &connector{config, env, network.DialFunc(env), set.session}, nil
}

// connector makes a connector of the driver for every connection, which so has credentials and a log of its own.
type connector struct {
	config  *mysql.Config
	env     registry.Env
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	session []string // statements for after the login
}

func (c *connector) Driver() driver.Driver { return mysql.MySQLDriver{} }

func (c *connector) Connect(ctx context.Context) (_ driver.Conn, err error) {
	config, log := c.config.Clone(), new(log)
	config.Logger = log
	if c.env.Credentials != nil {
		user, password, err := c.env.Credentials(ctx)
		if err != nil {
			return nil, err
		}
		config.User, config.Passwd = user, password.Reveal()
	}
	var socket net.Conn
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		if socket, err = c.dial(ctx, network, address); err != nil {
			return nil, err
		}
		return checkGreeting(socket), nil
	}
	defer func() {
		if reason := recover(); reason != nil { // the driver trusts the lengths in what the server sends
			if socket != nil {
				_ = socket.Close() // it was only just opened, and there is a better error to return
			}
			err = fmt.Errorf("%w: %v", errNotMySQL, reason)
		}
	}()
	inner, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	conn, err := inner.Connect(ctx)
	if err != nil {
		return nil, log.explain(err)
	}
	for _, statement := range c.session {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
			_ = conn.Close() // why the statement failed is what matters
			return nil, log.explain(err)
		}
	}
	return conn, nil
}

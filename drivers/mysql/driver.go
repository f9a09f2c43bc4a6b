//go:build mysql || alldrivers

package mysql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/internal/errtree"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return new(dialect) }

const defaultPort = 3306

// dialect also is a [registry.Dialer], [registry.SystemDatabaser], [registry.Versioner] and [registry.Adviser].
type dialect struct{ network.Dialer }

func (*dialect) Info() registry.Info {
	info, _ := registry.Describe("mysql")
	return info
}

// SystemDatabase names no database: the server can be logged in to without one.
func (*dialect) SystemDatabase(cfg registry.Config) registry.Config {
	cfg.Database = ""
	return cfg
}

func (*dialect) VersionQuery() string { return "SELECT VERSION()" }

func (*dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	config := mysql.NewConfig()
	tlsConfig, err := network.TLSConfig(&cfg)
	if err := errtree.Join(network.CheckFields(&cfg), readParams(&cfg, config), err); err != nil {
		return nil, err
	}
	config.Net, config.Addr = network.Address(&cfg, defaultPort)
	config.DBName = cfg.Database
	config.TLS = tlsConfig
	config.ParseTime = true
	// A comma would end the attribute.
	config.ConnectionAttributes = "program_name:" + replace(network.AppName(&cfg), ',', ' ')
	credentials := env.Credentials
	if credentials == nil {
		user, password := cfg.User, cfg.Password
		credentials = func(context.Context) (string, registry.Secret, error) { return user, password, nil }
	}
	return &connector{config, network.DialFunc(env), credentials, session(cfg.Params)}, nil
}

// connector makes a connector of the driver for every connection, which so has credentials and a log of its own.
type connector struct {
	config      *mysql.Config // without a user and password
	dial        func(ctx context.Context, network, address string) (net.Conn, error)
	credentials func(ctx context.Context) (user string, password registry.Secret, err error)
	session     []string // statements for after the login
}

func (c *connector) Driver() driver.Driver { return &mysql.MySQLDriver{} }

func (c *connector) Connect(ctx context.Context) (_ driver.Conn, err error) {
	user, password, err := c.credentials(ctx)
	if err != nil {
		return nil, err
	}
	config, log := c.config.Clone(), new(log)
	config.User, config.Passwd, config.Logger = user, password.Reveal(), log
	var login *network.Login
	config.DialFunc = func(ctx context.Context, net_, address string) (net.Conn, error) {
		socket, err := c.dial(ctx, net_, address)
		if err != nil {
			return nil, err
		}
		login = network.NewLogin(socket, readGreeting)
		return login, nil
	}
	defer func() {
		// The driver trusts the lengths in what the server sends.
		if reason := recover(); reason != nil {
			if login == nil {
				panic(reason) // the dialer's
			}
			_ = login.Close() // there is a better error to return
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
	login.Over()
	for _, statement := range c.session {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
			_ = conn.Close() // why the statement failed is what matters
			return nil, log.explain(err)
		}
	}
	return conn, nil
}

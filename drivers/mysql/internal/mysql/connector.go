package mysql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// connector makes a connector of the driver for every connection, which so has a login and a log of its own.
type connector struct {
	config  *mysql.Config // without a user, password and TLS
	cfg     registry.Config
	env     registry.Env
	tls     *network.TLS
	session []string // statements for after the login
}

func (c *connector) Driver() driver.Driver { return &mysql.MySQLDriver{} }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	return network.LogIn(ctx, &c.cfg, c.env, dialect{}.Diagnose, c.logIn)
}

func (c *connector) logIn(ctx context.Context, who registry.Login) (_ driver.Conn, err error) {
	config, log, dial := c.config.Clone(), new(log), network.DialFunc(c.env)
	config.User, config.Passwd, config.Logger = who.User, who.Password.Reveal(), log
	if config.TLS, err = c.tls.Config(); err != nil {
		return nil, err
	}
	var handshake *network.Handshake
	config.DialFunc = func(ctx context.Context, net_, address string) (net.Conn, error) {
		socket, err := dial(ctx, net_, address)
		if err != nil {
			return nil, err
		}
		handshake = network.NewHandshake(socket, readGreeting)
		return handshake, nil
	}
	defer func() {
		// The driver trusts the lengths in what the server sends.
		if reason := recover(); reason != nil {
			if handshake == nil {
				panic(reason) // the dialer's
			}
			_ = handshake.Close() // there is a better error to return
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
	handshake.Over()
	for _, statement := range c.session {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
			_ = conn.Close() // why the statement failed is what matters
			return nil, log.explain(err)
		}
	}
	return conn, nil
}

package mysql

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
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

	// Those of a stopper, which changes all the time: a connector can be printed.
	stop  func(*identity)
	close func()
}

func (c *connector) Driver() driver.Driver { return &mysql.MySQLDriver{} }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, _, err := c.connect(ctx, c.session, c.stop)
	return conn, err
}

// Close waits for a statement that is being stopped on the server, which is over when a program ends.
func (c *connector) Close() error {
	c.close()
	return nil
}

// connect opens a connection whose socket calls abandoned, which may be nil, if a statement on it is given up.
func (c *connector) connect(ctx context.Context, session []string, abandoned func(*identity)) (_ driver.Conn, s *socket, _ error) {
	conn, err := network.LogIn(ctx, &c.cfg, c.env, table.Diagnose, func(ctx context.Context, who registry.Login) (driver.Conn, error) {
		conn, logged, err := c.logIn(ctx, who, session)
		if err == nil {
			s = logged
			s.loggedIn(abandoned)
		}
		return conn, err
	})
	return conn, s, err
}

func (c *connector) logIn(ctx context.Context, who registry.Login, session []string) (driver.Conn, *socket, error) {
	config, log, dial := c.config.Clone(), new(log), network.DialFunc(c.env)
	config.User, config.Passwd, config.Logger = who.User, who.Password.Reveal(), log
	var err error
	if config.TLS, err = c.tls.Config(); err != nil {
		return nil, nil, err
	}
	var s *socket
	token := rand.Text()
	config.ConnectionAttributes += "," + tokenAttribute + ":" + token
	config.DialFunc = func(ctx context.Context, net_, address string) (net.Conn, error) {
		inner, err := dial(ctx, net_, address)
		if err != nil {
			return nil, err
		}
		s = newSocket(inner, who.User, token)
		if c.env.Role != nil {
			s.listener = &listener{tell: c.env.Role, wanted: c.cfg.Role, socket: inner}
		}
		return s, nil
	}
	loggedIn := false
	defer func() {
		if !loggedIn && s != nil {
			_ = s.Close() // there is a better error to return, or a panic
		}
	}()
	conn, err := begin(ctx, config, session)
	if err != nil {
		return nil, nil, log.explain(err)
	}
	loggedIn = true
	return conn, s, nil
}

// begin connects and makes the session what it is to be. The driver trusts the lengths in what the server sends, so
// where it panics the server does not speak its protocol.
func begin(ctx context.Context, config *mysql.Config, session []string) (conn driver.Conn, err error) {
	returned := false
	defer func() {
		if !returned && isDrivers() {
			err = newPanicError(errNotMySQL, recover())
		}
	}()
	inner, err := mysql.NewConnector(config)
	if err == nil {
		conn, err = inner.Connect(ctx)
	}
	for _, statement := range session {
		if err != nil {
			break
		}
		if _, err = conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
			_ = conn.Close() // why the statement failed is what matters
		}
	}
	returned = true
	return conn, err
}

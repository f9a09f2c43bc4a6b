package mssql

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/netconn"
	"github.com/patchbay-go/patchbay/registry"
)

// attempt is one login to one server. It is what the driver dials with, and keeps the errors of the network, of which
// the driver makes text.
type attempt struct {
	c       *connector
	dials   int
	dialed  bool    // the last dial succeeded
	stream  *stream // of that
	sockets netconn.Group
	trace   *trace
}

// logIn opens one connection to one server. The driver heeds no context before the login is over, so the end of the
// context makes the network connections fail.
func (c *connector) logIn(ctx context.Context, who registry.Login) (driver.Conn, error) {
	if c.env.Credentials != nil && c.set.method != "token" {
		if err := checkUser(who.User, who.Password); err != nil {
			return nil, err
		}
	}
	a := &attempt{c: c, trace: new(trace)}
	stop := context.AfterFunc(ctx, a.sockets.Expire)
	defer stop()
	conn, err := a.connect(ctx, who)
	if err == nil && !stop() { // the context ended, and with it the network connection
		_ = conn.Close() // there is a better error to return
		return nil, ctx.Err()
	}
	return conn, err
}

func (a *attempt) connect(ctx context.Context, who registry.Login) (_ driver.Conn, err error) {
	defer func() {
		if reason := recover(); reason != nil { // the driver trusts the lengths in what the server sends
			a.sockets.Close()
			err = fmt.Errorf("%w: %v", errNotSQLServer, reason)
		}
	}()
	base, err := a.base(who)
	if err != nil {
		return nil, err
	}
	base.Dialer = a
	conn, err := base.Connect(ctx)
	if err != nil {
		return nil, a.explain(err)
	}
	if err := a.ready(ctx, base, conn); err != nil {
		_ = conn.Close() // why it is not ready is what matters
		return nil, a.explain(err)
	}
	return conn, nil
}

// base returns the connector of the driver for this login.
func (a *attempt) base(who registry.Login) (*mssql.Connector, error) {
	config := *a.c.set.config
	if a.c.set.method == "token" {
		return mssql.NewSecurityTokenConnector(config, func(context.Context) (string, error) {
			return who.Password.Reveal(), nil
		})
	}
	config.User, config.Password = who.User, who.Password.Reveal()
	return mssql.NewConnectorConfig(config), nil
}

// ready sets the options of the session, and lets the driver set them again whenever it resets the session: that is
// when the connection comes back from the pool. The first time it is done here, because the driver would not tell
// why it fails.
func (a *attempt) ready(ctx context.Context, base *mssql.Connector, conn driver.Conn) error {
	statements := strings.Join(a.c.set.session, "; ")
	if statements != "" {
		prepared, err := conn.(driver.ConnPrepareContext).PrepareContext(ctx, statements)
		if err != nil {
			return err
		}
		if _, err := prepared.(driver.StmtExecContext).ExecContext(ctx, nil); err != nil {
			return err
		}
	}
	base.SessionInitSQL = statements
	a.stream.levels = levels{connector: base, session: statements}
	return nil
}

// tlsConfig is that for a server of this name.
func (c *connector) tlsConfig(host string) (*tls.Config, error) {
	config, err := c.tls.Config()
	if err != nil {
		return nil, err
	}
	config = config.Clone()
	// A packet that comes in several records is refused: https://github.com/microsoft/go-mssqldb/issues/166
	config.DynamicRecordSizingDisabled = true
	if c.name == "" {
		config.ServerName = host
	}
	if c.set.strict {
		config.NextProtos = []string{"tds/8.0"} // https://learn.microsoft.com/sql/relational-databases/security/networking/tds-8
	}
	return config, nil
}

// maxRoutes bounds how often servers may send the client on, which two could do for ever.
const maxRoutes = 10

var errRoutes = errors.New("too many routing redirects")

// DialContext opens what the driver wants: the server, and before it the SQL Server Browser where an instance is
// named.
func (a *attempt) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network == "udp" {
		return a.browse(ctx, network, address)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" { // without a name nothing can be verified
		return nil, fmt.Errorf("the server redirects the client to %q, which is not host:port", address)
	}
	if a.dials++; a.dials > maxRoutes {
		return nil, errRoutes
	}
	a.dialed = false
	config, err := a.c.tlsConfig(host)
	if err != nil {
		return nil, err
	}
	raw, err := a.open(ctx, network, host, port)
	if err != nil {
		return nil, err
	}
	idle, err := netconn.NewIdle(netconn.Conn{Conn: raw})
	if err != nil {
		_ = raw.Close() // it is broken
		return nil, err
	}
	a.dialed = true
	a.stream = &stream{
		Conn: netconn.Join(&socket{Conn: raw, trace: a.trace}, &a.sockets),
		idle: idle, config: config, wanted: a.c.cfg.TLS != nil, strict: a.c.set.strict,
	}
	return a.stream, nil
}

// HostName makes the driver leave names to DialContext: a tunnel may know names that this machine does not.
func (a *attempt) HostName() string { return a.c.set.config.Host }

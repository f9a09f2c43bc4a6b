package mssql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/netconn"
	"github.com/patchbay-go/patchbay/registry"
)

// attempt is one login to one server. It is what the driver dials with, and keeps the errors of network and
// certificates, of which the driver makes text.
type attempt struct {
	c       *connector
	to      server
	dials   int
	host    string // the one dialed last: the server itself, or where it has sent the client on to
	sockets netconn.Group
	trace   *trace
}

// logIn opens one connection to one server. The driver heeds no context before the login is over, so the end of the
// context makes the network connections fail.
func (c *connector) logIn(ctx context.Context, to server, who registry.Login) (driver.Conn, error) {
	a := &attempt{c: c, to: to, trace: new(trace)}
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
	config.Host, config.Port, config.Instance = a.to.host, uint64(a.to.port), a.to.instance
	config.TLSConfig = a.tlsConfig()
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
	if len(a.c.set.session) == 0 {
		return nil
	}
	statements := strings.Join(a.c.set.session, "; ")
	prepared, err := conn.(driver.ConnPrepareContext).PrepareContext(ctx, statements)
	if err != nil {
		return err
	}
	if _, err := prepared.(driver.StmtExecContext).ExecContext(ctx, nil); err != nil {
		return err
	}
	base.SessionInitSQL = statements
	return nil
}

// tlsConfig returns a config that the driver may change. It verifies what crypto/tls would, later by one step,
// where the error can be kept.
func (a *attempt) tlsConfig() *tls.Config {
	config := a.c.tls.Clone()
	config.DynamicRecordSizingDisabled = true // https://github.com/microsoft/go-mssqldb/issues/166
	if a.c.name == "" {
		config.ServerName = a.to.host
	}
	switch verify := config.VerifyConnection; {
	case verify != nil: // all but the name
		config.VerifyConnection = func(state tls.ConnectionState) error { return a.kept(verify(state)) }
	case !config.InsecureSkipVerify:
		config.InsecureSkipVerify = true // only crypto/tls skips it
		config.VerifyConnection = a.verify
	}
	return config
}

func (a *attempt) verify(state tls.ConnectionState) error {
	name := a.c.name
	if name == "" {
		name = a.host
	}
	return a.kept(verify(state.PeerCertificates, name, a.c.tls.RootCAs))
}

// kept returns an error of the verification, of which the driver will make text.
func (a *attempt) kept(err error) error {
	if err != nil {
		a.trace.fail(err)
	}
	return err
}

// verify does what crypto/tls does: https://pkg.go.dev/crypto/tls#example-Config-VerifyConnection
// nil roots are those of the system.
func verify(certs []*x509.Certificate, name string, roots *x509.CertPool) error {
	options := x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: x509.NewCertPool()}
	for _, cert := range certs[1:] {
		options.Intermediates.AddCert(cert)
	}
	if _, err := certs[0].Verify(options); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: certs, Err: err}
	}
	return nil
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
	a.host = host
	raw, err := a.open(ctx, network, host, port)
	if err != nil {
		return nil, err
	}
	return netconn.Join(&socket{Conn: netconn.Conn{Conn: raw}, trace: a.trace, tls: a.c.set.strict}, &a.sockets), nil
}

// HostName makes the driver leave names to DialContext: a tunnel may know names that this machine does not.
func (a *attempt) HostName() string { return a.to.host }

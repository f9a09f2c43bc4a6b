//go:build mssql || alldrivers

package mssql

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/microsoft/go-mssqldb"
)

// attempt is one login to one server. It is what the driver dials with, and keeps the errors of network and
// certificates, of which the driver makes text.
type attempt struct {
	*connector
	*trace
	to    server
	dials int
	host  string // the one dialed last: the server itself, or where it has sent the client on to

	mu      sync.Mutex
	sockets []net.Conn
	expired bool
}

func (a *attempt) connect(ctx context.Context, who identity) (_ driver.Conn, err error) {
	defer func() {
		if reason := recover(); reason != nil { // the driver trusts the lengths in what the server sends
			a.close()
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
func (a *attempt) base(who identity) (*mssql.Connector, error) {
	config := *a.config
	config.Host, config.Port, config.Instance = a.to.host, uint64(a.to.port), a.to.instance
	config.TLSConfig = a.tlsConfig()
	if a.method == "token" {
		return mssql.NewSecurityTokenConnector(config, func(context.Context) (string, error) {
			return who.password.Reveal(), nil
		})
	}
	config.User, config.Password = who.user, who.password.Reveal()
	return mssql.NewConnectorConfig(config), nil
}

// tlsConfig returns a config that the driver may change. It verifies what crypto/tls would, later by one step,
// where the error can be kept.
func (a *attempt) tlsConfig() *tls.Config {
	config := a.tls.Clone()
	config.DynamicRecordSizingDisabled = true // https://github.com/microsoft/go-mssqldb/issues/166
	if a.name == "" {
		config.ServerName = a.to.host
	}
	if !config.InsecureSkipVerify {
		config.InsecureSkipVerify = true // only crypto/tls skips it
		config.VerifyConnection = a.verify
	}
	return config
}

func (a *attempt) verify(state tls.ConnectionState) error {
	name := a.name
	if name == "" {
		name = a.host
	}
	err := verify(state.PeerCertificates, name, a.tls.RootCAs)
	if err != nil {
		a.fail(err)
	}
	return err
}

// maxRoutes bounds how often servers may send the client on, which two could do for ever.
const maxRoutes = 10

var errRoutes = errors.New("the servers send the client on and on")

// DialContext opens what the driver wants: the server, and before it the SQL Server Browser where an instance is
// named.
func (a *attempt) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network == "udp" {
		return a.browse(ctx, network, address)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" { // without a name nothing can be verified
		return nil, fmt.Errorf("the server sends the client on to %q, which is no address", address)
	}
	if a.dials++; a.dials > maxRoutes {
		return nil, errRoutes
	}
	a.host = host
	raw, err := a.open(ctx, network, host, port)
	if err != nil {
		return nil, err
	}
	s := &socket{Conn: raw, trace: a.trace, tls: a.strict}
	a.watch(s)
	return s, nil
}

// HostName makes the driver leave names to DialContext: a tunnel may know names that this machine does not.
func (a *attempt) HostName() string { return a.to.host }

// watch adds a network connection that is to fail when the context ends.
func (a *attempt) watch(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sockets = append(a.sockets, c)
	if a.expired {
		_ = c.SetDeadline(past) // one that cannot be set has failed already
	}
}

var past = time.Unix(1, 0)

// expire ends what waits for the network: the driver heeds no context before the login.
func (a *attempt) expire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expired = true
	for _, c := range a.sockets {
		_ = c.SetDeadline(past)
	}
}

func (a *attempt) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.sockets {
		_ = c.Close() // there is a better error to return
	}
}

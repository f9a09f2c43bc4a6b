package postgres

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// connector makes a connector of pgx for every connection, which so has a login of its own.
type connector struct {
	cfg   registry.Config
	env   registry.Env
	set   settings
	hosts []*pgconn.FallbackConfig // that of cfg
	tls   []*network.TLS           // of each; nil: plaintext
	known sync.Map                 // host -> its *network.TLS, also of those that the environment names
}

func (c *connector) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	config, err := c.build()
	if err != nil {
		return nil, err
	}
	cfg := c.cfg
	cfg.User, cfg.Password = config.User, registry.NewSecret(config.Password)
	return network.LogIn(ctx, &cfg, c.env, table.Diagnose, func(ctx context.Context, who registry.Login) (driver.Conn, error) {
		own := *config
		own.User, own.Password = who.User, who.Password.Reveal()
		return c.logIn(ctx, own)
	})
}

func (c *connector) logIn(ctx context.Context, config pgx.ConnConfig) (driver.Conn, error) {
	l := &login{cleartext: slices.Contains(strings.Split(config.RequireAuth, ","), "password")}
	config.DialFunc = l.dialer(config.DialFunc, config.TLSConfig != nil && config.SSLNegotiation != "direct")
	config.BuildFrontend = l.frontend
	options := []stdlib.OptionOpenDB{stdlib.OptionAfterConnect(l.ready)}
	if c.env.Role != nil {
		// The other modes are for poolers.
		pooled := config.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement
		l.listener = &listener{tell: c.env.Role, wanted: c.cfg.Role, pooled: pooled}
		config.OnPgError = l.listener.onError(config.OnPgError)
		options = append(options, stdlib.OptionResetSession(l.listener.reset))
	}
	conn, err := stdlib.GetConnector(config, options...).Connect(context.WithValue(ctx, loginKey{}, l))
	l.over.Store(err == nil)
	if failed, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return nil, failed.Unwrap() // all that it has beyond that is the config, with the password
	}
	return conn, err
}

// ready ends the login. It must not fail: stdlib would leave the connection open.
func (l *login) ready(ctx context.Context, conn *pgx.Conn) error {
	socket := conn.PgConn().Conn()
	if encrypted, ok := socket.(*tls.Conn); ok {
		socket = encrypted.NetConn()
	}
	if handshake, ok := socket.(*network.Handshake); ok {
		handshake.Over()
	}
	if l.listener != nil {
		l.listener.socket = l.socket
		l.listener.loggedIn(conn.PgConn())
	}
	return AfterConnect(ctx, conn)
}

// login is one connection while it is being opened. When something goes wrong with a connection, pgx asks the
// server, on another one and in the background, to cancel what runs there, even before the login is over: a
// server that refuses a client would be connected to twice, the second time after the client has given up.
type login struct {
	over      atomic.Bool
	cleartext bool // params allow that the password is sent as it is
	local     bool // the connection is a unix socket
	socket    net.Conn
	listener  *listener // nil: nobody wants to know of roles
}

// loginKey marks the contexts that pgx derives from that of a login, by which alone its dials can be told from
// those of a cancel request.
type loginKey struct{}

var errNotLoggedIn = errors.New("cancel request before login suppressed")

// dialer returns what the connection is opened with, and, once it is logged in, the one for a cancel request: that
// has another context. https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#PgConn.CancelRequest
func (l *login) dialer(dial pgconn.DialFunc, asksForTLS bool) pgconn.DialFunc {
	return func(ctx context.Context, net_, address string) (net.Conn, error) {
		if ctx.Value(loginKey{}) != l {
			if !l.over.Load() {
				return nil, errNotLoggedIn
			}
			return dial(ctx, net_, address)
		}
		socket, err := dial(ctx, net_, address)
		if err != nil {
			return nil, err
		}
		l.local, l.socket = net_ == "unix", socket
		var greet func(io.Reader) ([]byte, error)
		if asksForTLS && !l.local {
			greet = answerToTLS
		}
		handshake := new(network.Handshake)
		handshake.Begin(socket, greet)
		return handshake, nil
	}
}

// frontend is called by pgx for the connection that was dialed last, after its TLS.
func (l *login) frontend(in io.Reader, out io.Writer) *pgproto3.Frontend {
	_, encrypted := out.(*tls.Conn)
	return pgproto3.NewFrontend(newStartup(in, l.cleartext || l.local || encrypted), out)
}

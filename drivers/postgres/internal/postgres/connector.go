package postgres

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// connector makes a connector of pgx for every connection, which so has a login of its own.
type connector struct {
	config *pgx.ConnConfig // without a password
	cfg    registry.Config
	env    registry.Env
}

func (c *connector) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	return network.LogIn(ctx, &c.cfg, c.env, table.Diagnose, c.logIn)
}

func (c *connector) logIn(ctx context.Context, who registry.Login) (driver.Conn, error) {
	l, config := new(login), *c.config
	config.User, config.Password = who.User, who.Password.Reveal()
	config.DialFunc = l.dialer(config.DialFunc)
	conn, err := stdlib.GetConnector(config, stdlib.OptionAfterConnect(ready)).Connect(context.WithValue(ctx, loginKey{}, l))
	l.over.Store(err == nil)
	if failed, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return nil, failed.Unwrap() // all that it has beyond that is the config, with the password
	}
	return conn, err
}

// ready ends the login. It must not fail: stdlib would leave the connection open.
func ready(_ context.Context, conn *pgx.Conn) error {
	if encrypted, ok := conn.PgConn().Conn().(*tls.Conn); ok {
		if handshake, ok := encrypted.NetConn().(*network.Handshake); ok {
			handshake.Over()
		}
	}
	conn.PgConn().Frontend().SetMaxBodyLen(maxMessage)
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// login is one connection while it is being opened. When something goes wrong with a connection, pgx asks the
// server, on another one and in the background, to cancel what runs there, even before the login is over: a
// server that refuses a client would be connected to twice, the second time after the client has given up.
type login struct{ over atomic.Bool }

// loginKey marks the contexts that pgx derives from that of a login, by which alone its dials can be told from
// those of a cancel request.
type loginKey struct{}

var errNotLoggedIn = errors.New("cancel request before login suppressed")

// dialer returns what the connection is opened with, and, once it is logged in, the one for a cancel request: that
// has another context. https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#PgConn.CancelRequest
func (l *login) dialer(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if ctx.Value(loginKey{}) != l && !l.over.Load() {
			return nil, errNotLoggedIn
		}
		return dial(ctx, network, address)
	}
}

//go:build postgres || alldrivers

package postgres

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return new(dialect) }

// dialect also is a [registry.Dialer], [registry.SystemDatabaser], [registry.Versioner] and [registry.Adviser].
type dialect struct{ network.Dialer }

func (*dialect) Info() registry.Info {
	info, _ := registry.Describe("postgres")
	return info
}

// SystemDatabase names the database that is there for utilities and users.
// https://www.postgresql.org/docs/current/creating-cluster.html
func (*dialect) SystemDatabase(cfg registry.Config) registry.Config {
	cfg.Database = "postgres"
	return cfg
}

func (*dialect) VersionQuery() string { return "SHOW server_version" }

func (*dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	config, err := build(cfg, env)
	if err != nil {
		return nil, err
	}
	credentials := env.Credentials
	if credentials == nil {
		// The password stays in here: fmt prints a connector of stdlib, and what prints one, with its config.
		user, password := config.User, registry.NewSecret(config.Password)
		credentials = func(context.Context) (string, registry.Secret, error) { return user, password, nil }
	}
	config.Password = ""
	return &connector{stdlib.GetConnector(*config, stdlib.OptionAfterConnect(ready),
		stdlib.OptionBeforeConnect(func(ctx context.Context, next *pgx.ConnConfig) error {
			user, password, err := credentials(ctx)
			next.User, next.Password = user, password.Reveal()
			next.DialFunc = ctx.Value(loginKey{}).(*login).dialer(next.DialFunc)
			return err
		}))}, nil
}

// connector is that of stdlib, except that its errors hold no password.
type connector struct{ driver.Connector }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	l := new(login)
	conn, err := c.Connector.Connect(context.WithValue(ctx, loginKey{}, l))
	l.over.Store(err == nil)
	if failed := (*pgconn.ConnectError)(nil); errors.As(err, &failed) {
		return nil, failed.Unwrap() // all that it has beyond that is the config
	}
	return conn, err
}

// ready ends the login. It must not fail: stdlib would leave the connection open.
func ready(_ context.Context, conn *pgx.Conn) error {
	if encrypted, ok := conn.PgConn().Conn().(*tls.Conn); ok {
		if login, ok := encrypted.NetConn().(*network.Login); ok {
			login.Over()
		}
	}
	conn.PgConn().Frontend().SetMaxBodyLen(maxMessage)
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

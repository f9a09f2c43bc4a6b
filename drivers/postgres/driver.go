//go:build postgres || alldrivers

package postgres

import (
	"context"
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
func Driver() registry.Driver { return dialect{} }

// dialect also is a [registry.Dialer], [registry.SystemDatabaser], [registry.Versioner] and [registry.Adviser].
type dialect struct{ network.Dialer }

func (dialect) Info() registry.Info {
	info, _ := registry.Describe("postgres")
	return info
}

// SystemDatabase names the database that is there for utilities and users.
// https://www.postgresql.org/docs/current/creating-cluster.html
func (dialect) SystemDatabase(cfg registry.Config) registry.Config {
	cfg.Database = "postgres"
	return cfg
}

func (dialect) VersionQuery() string { return "SHOW server_version" }

func (dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	config, err := build(cfg, env)
	if err != nil {
		return nil, err
	}
	options := []stdlib.OptionOpenDB{stdlib.OptionAfterConnect(ready)}
	if env.Credentials != nil {
		options = append(options, stdlib.OptionBeforeConnect(func(ctx context.Context, next *pgx.ConnConfig) error {
			user, password, err := env.Credentials(ctx)
			next.User, next.Password = user, password.Reveal()
			return err
		}))
	}
	return &connector{stdlib.GetConnector(*config, options...)}, nil
}

// connector is that of pgx, except that its errors hold no password. It is a pointer to one, because fmt prints
// what is held by value, the config with its password.
type connector struct{ driver.Connector }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if failed := (*pgconn.ConnectError)(nil); errors.As(err, &failed) {
		return nil, failed.Unwrap() // all that it has beyond that is the config
	}
	return conn, err
}

// ready ends the login. It must not fail: stdlib would leave the connection open.
func ready(_ context.Context, conn *pgx.Conn) error {
	conn.PgConn().Frontend().SetMaxBodyLen(maxMessage)
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

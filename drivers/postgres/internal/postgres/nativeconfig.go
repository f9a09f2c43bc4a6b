package postgres

import (
	"cmp"
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// NativeConfig is the config of pgx for one that is opened here, with what a pool of pgx does for each connection.
type NativeConfig struct {
	*pgx.ConnConfig
	Pool registry.Pool

	connector *connector
	refused   atomic.Bool // the last login
}

// NewNativeConfig makes the config of pgx by itself, which does here all that this package does for it otherwise.
func NewNativeConfig(cfg registry.Config, env registry.Env) (*NativeConfig, error) {
	cfg, err := network.Resolve(Driver(), cfg)
	if err != nil {
		return nil, err
	}
	if env.Credentials == nil {
		if err := network.AsksForLogin(&cfg, "nobody is there to do so", "pass what credentials.Env returns"); err != nil {
			return nil, err
		}
	}
	made, err := new(dialect).Connector(cfg, env)
	if err != nil {
		return nil, err
	}
	n := &NativeConfig{Pool: cfg.Pool, connector: made.(*connector)}
	if n.ConnConfig, err = n.connector.build(); err != nil {
		return nil, err
	}
	n.ConnectTimeout = max(cmp.Or(cfg.ConnectTimeout, registry.DefaultConnectTimeout), 0)
	if n.RequireAuth == "" && plaintext(&n.Config) {
		n.RequireAuth = "!password" // as startup has it
	}
	onError := n.OnPgError
	n.OnPgError = func(c *pgconn.PgConn, err *pgconn.PgError) bool {
		if strings.HasPrefix(err.Code, "28") {
			n.refused.Store(true)
		}
		return onError(c, err)
	}
	return n, nil
}

func plaintext(config *pgconn.Config) bool {
	for _, host := range hostsFrom(config) {
		cfg := registry.Config{Host: host.Host}
		if host.TLSConfig == nil && !network.IsSocket(&cfg) {
			return true
		}
	}
	return false
}

// BeforeConnect gives a connection the login and the certificates of the moment.
func (n *NativeConfig) BeforeConnect(ctx context.Context, config *pgx.ConnConfig) error {
	if ask := n.connector.env.Credentials; ask != nil {
		login, err := ask(ctx, n.refused.Swap(false))
		if err != nil {
			return err
		}
		config.User, config.Password = cmp.Or(login.User, config.User), login.Password.Reveal()
	}
	if t := n.connector.cfg.TLS; t == nil || t.CAFile == "" && t.CertFile == "" && t.KeyFile == "" {
		return nil
	}
	now, err := n.connector.build()
	if err == nil {
		config.TLSConfig, config.Fallbacks = now.TLSConfig, now.Fallbacks
	}
	return err
}

// AfterConnect has pgx read a timestamptz in UTC.
func AfterConnect(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// Neutral calls parse with a connection string for which pgx reads nothing of the environment.
func Neutral(parse func(connString string) error) error {
	return neutrally(nil, parse)
}

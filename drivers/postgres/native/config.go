package native

import (
	"cmp"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/patchbay-go/patchbay/drivers/postgres/internal/postgres"
	"github.com/patchbay-go/patchbay/registry"
)

// ConnConfig returns the config of pgx that says the same, for [pgx.ConnectConfig], with hosts, TLS, session and dialer as
// conn.Open has them. The environment is not read unless the config says so. What only Patchbay does is not in it: files
// with certificates are read now and not again, a timestamptz is in the local zone, and a server that answers a login with
// nonsense is not found out.
//
// pgx keeps one login in it, so a PasswordFile and Credentials are an error: [PoolConfig] has them.
func ConnConfig(cfg registry.Config, env registry.Env) (*pgx.ConnConfig, error) {
	if env.Credentials != nil {
		return nil, &registry.ConfigError{Field: "credentials", Problem: "are asked for every connection, and a config of pgx holds one login", Cure: "use PoolConfig, or give the password itself"}
	}
	n, err := postgres.NewNativeConfig(cfg, env)
	if err != nil {
		return nil, err
	}
	return n.ConnConfig, nil
}

// PoolConfig returns the config of a pgxpool that says the same, for [pgxpool.NewWithConfig]: as [ConnConfig], with the bounds
// of Config.Pool and their defaults here, and with a timestamptz in UTC. Its BeforeConnect gives each connection the login
// of env.Credentials and the certificates that the files hold then, its AfterConnect sets the zone: call them from those
// that you put in their place. After a login that was refused the next connection asks for another one; pgxpool does not try the same
// connection again.
//
// The Env for a config with a PasswordFile or Credentials is what credentials.Env returns. pgxpool has nothing for
// Pool.MaxIdle, which is an error; Retry and Lazy have no meaning for it, as it never opens before it is asked.
func PoolConfig(cfg registry.Config, env registry.Env) (*pgxpool.Config, error) {
	n, err := postgres.NewNativeConfig(cfg, env)
	if err != nil {
		return nil, err
	}
	if n.Pool.MaxIdle != 0 {
		return nil, &registry.ConfigError{Field: "pool.maxIdle", Problem: "is set, and a pgxpool has no such bound", Cure: "leave it out"}
	}
	var pool *pgxpool.Config
	err = postgres.Neutral(func(text string) (err error) {
		pool, err = pgxpool.ParseConfig(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	pool.ConnConfig = n.ConnConfig
	pool.BeforeConnect, pool.AfterConnect = n.BeforeConnect, postgres.AfterConnect
	pool.MaxConns, pool.MinConns = int32(orUnlimited(int64(n.Pool.Max), registry.DefaultPoolMax, math.MaxInt32)), int32(n.Pool.Min)
	pool.MaxConnLifetime = time.Duration(orUnlimited(int64(n.Pool.MaxLifetime), int64(never), int64(never)))
	pool.MaxConnIdleTime = time.Duration(orUnlimited(int64(n.Pool.MaxIdleTime), int64(registry.DefaultMaxIdleTime), int64(never)))
	return pool, nil
}

// never is a time that no connection reaches: pgxpool has no word for unlimited.
const never = 100 * 365 * 24 * time.Hour

// orUnlimited returns what a bound of Config.Pool means.
func orUnlimited(n, zero, negative int64) int64 {
	if n < 0 {
		return negative
	}
	return min(cmp.Or(n, zero), negative)
}

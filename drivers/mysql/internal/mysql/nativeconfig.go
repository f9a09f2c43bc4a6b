package mysql

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// NativeConfig is Config of package native.
func NativeConfig(cfg registry.Config, env registry.Env) (*mysql.Config, error) {
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
	return made.(*connector).native()
}

// native is the config of the driver by itself, which does here all that this package does for it otherwise.
func (c *connector) native() (*mysql.Config, error) {
	session, err := sessionOf(&c.cfg)
	if err != nil {
		return nil, err
	}
	config := c.config.Clone()
	config.User, config.Passwd = c.cfg.User, c.cfg.Password.Reveal()
	config.Timeout = max(cmp.Or(c.cfg.ConnectTimeout, registry.DefaultConnectTimeout), 0)
	config.DialFunc = network.DialFunc(c.env)
	if err := config.Apply(mysql.Charset("utf8mb4", session["collation"])); err != nil {
		return nil, err
	}
	config.Params = map[string]string{"time_zone": literal(zoneName(session))}
	for _, name := range slices.Sorted(maps.Keys(session)) {
		switch name {
		case "collation", "time_zone":
		case "transaction_isolation", "transaction_read_only":
			return nil, wrong("session."+name, "has one name in MySQL and another in MariaDB, and a config of the driver takes a name", "ask for it with sql.TxOptions")
		default:
			config.Params["@@SESSION."+name] = literal(session[name])
		}
	}
	if err := c.encrypt(config); err != nil {
		return nil, err
	}
	t := c.cfg.TLS
	if c.env.Credentials == nil && (t == nil || t.CAFile == "" && t.CertFile == "" && t.KeyFile == "") {
		return config, nil
	}
	return config, config.Apply(mysql.BeforeConnect(func(ctx context.Context, config *mysql.Config) error {
		if c.env.Credentials != nil {
			login, err := c.env.Credentials(ctx, false)
			if err != nil {
				return err
			}
			config.User, config.Passwd = cmp.Or(login.User, config.User), login.Password.Reveal()
		}
		return c.encrypt(config)
	}))
}

// encrypt gives a config the TLS of the moment.
func (c *connector) encrypt(config *mysql.Config) error {
	t, err := c.tls.Config()
	config.TLS = t.Clone()
	return err
}

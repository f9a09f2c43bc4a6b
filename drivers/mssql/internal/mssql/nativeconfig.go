package mssql

import (
	"cmp"
	"context"
	"strings"

	"github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// NativeConfig is Config of package native.
func NativeConfig(cfg registry.Config) (msdsn.Config, error) {
	c, err := resolved(cfg)
	if err != nil {
		return msdsn.Config{}, err
	}
	return c.native()
}

// NativeConnector is Connector of package native.
func NativeConnector(cfg registry.Config) (*mssql.Connector, error) {
	c, err := resolved(cfg)
	if err != nil {
		return nil, err
	}
	config, err := c.native()
	if err != nil {
		return nil, err
	}
	var base *mssql.Connector
	if c.set.method == "token" {
		token := c.cfg.Password.Reveal()
		if base, err = mssql.NewSecurityTokenConnector(config, func(context.Context) (string, error) { return token, nil }); err != nil {
			return nil, err
		}
	} else {
		base = mssql.NewConnectorConfig(config)
	}
	base.SessionInitSQL = strings.Join(c.set.session, "; ")
	return base, nil
}

// resolved builds a connector from a config as conn.Open would.
func resolved(cfg registry.Config) (*connector, error) {
	cfg, err := network.Resolve(Driver(), cfg)
	if err != nil {
		return nil, err
	}
	if err := network.AsksForLogin(&cfg, "a config of go-mssqldb holds one password", "give the password itself, or make a new config for each connection"); err != nil {
		return nil, err
	}
	return build(cfg, registry.Env{})
}

// native is the config of the driver by itself, which does here all that this package does for it otherwise.
func (c *connector) native() (msdsn.Config, error) {
	encryption, err := c.tls.Config()
	if err != nil {
		return msdsn.Config{}, err
	}
	config := *c.set.config
	config.User, config.Password = c.cfg.User, c.cfg.Password.Reveal()
	if c.set.method == "token" {
		config.Password = "" // it goes in another way
	}
	config.MultiSubnetFailover = c.set.parallel
	config.DialTimeout = max(cmp.Or(c.cfg.ConnectTimeout, registry.DefaultConnectTimeout), -1) // the driver takes -1 for none
	switch {
	case c.cfg.TLS == nil:
		config.Encryption = msdsn.EncryptionDisabled
	case c.set.strict:
		config.Encryption = msdsn.EncryptionStrict
	default:
		config.Encryption = msdsn.EncryptionRequired
	}
	config.TLSConfig = encryption.Clone()
	config.TLSConfig.DynamicRecordSizingDisabled = true // https://github.com/microsoft/go-mssqldb/issues/166
	config.HostInCertificateProvided = c.name != ""
	config.TrustServerCertificate = c.cfg.TLS != nil && c.cfg.TLS.SkipVerify
	if c.name == "" {
		config.TLSConfig.ServerName = network.Host(&c.cfg)
	}
	return config, nil
}

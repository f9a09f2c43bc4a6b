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
	var r registry.Registry
	r.Register(Driver())
	cfg, _, err := r.Resolve(cfg)
	if err != nil {
		return nil, err
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	switch cure := "give the password itself, or make a new config for each connection"; {
	case cfg.PasswordFile != "":
		return nil, &registry.ConfigError{Field: "passwordFile", Problem: "is read for every connection, and a config of go-mssqldb holds one password", Cure: cure}
	case cfg.Credentials.Provider != "":
		return nil, &registry.ConfigError{Field: "credentials.provider", Problem: "is asked for every connection, and a config of go-mssqldb holds one password", Cure: cure}
	}
	each, err := cfg.HostConfigs()
	if err != nil {
		return nil, err
	}
	if len(each) > 2 {
		return nil, &registry.ConfigError{Field: "hosts", Problem: "are more than two, and a config of go-mssqldb holds a server and its failover partner", Cure: "open it with conn.Open"}
	}
	c, err := build(each[0], registry.Env{})
	if err == nil && len(each) > 1 {
		c.partner = server{network.Host(&each[1]), each[1].Port, c.set.instance}
	}
	return c, err
}

// native is the config of the driver by itself, which does here all that this package does for it otherwise.
func (c *connector) native() (msdsn.Config, error) {
	encryption, err := c.tls.Config()
	if err != nil {
		return msdsn.Config{}, err
	}
	config := *c.set.config
	to := c.server
	config.Host, config.Port, config.Instance = to.host, uint64(to.port), to.instance
	config.User, config.Password = c.cfg.User, c.cfg.Password.Reveal()
	if c.set.method == "token" {
		config.Password = "" // it goes in another way
	}
	if c.partner.host != "" {
		config.FailOverPartner, config.FailOverPort = c.partner.host, uint64(c.partner.port)
		if c.partner.port == 0 && c.partner.instance != "" {
			config.FailOverPartner += `\` + c.partner.instance
		}
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

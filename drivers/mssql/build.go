//go:build mssql || alldrivers

package mssql

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"runtime"

	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// skeleton is all that is ever parsed: what the driver needs to be told because it would look elsewhere for it,
// in the environment variable MSSQL_USE_EPA and among the protocols that other packages have registered.
const skeleton = "server=localhost;protocol=tcp;epa enabled=false"

// connector makes a connector of the driver for every connection, which so has a login and a TLS config of its
// own.
type connector struct {
	settings
	servers []server // the one to connect to, and its failover partner
	env     registry.Env
	dial    func(ctx context.Context, network, address string) (net.Conn, error)

	tls  *tls.Config // verifies, unless the config says not to; not to be changed
	name string      // to find in certificates; empty: the host

	user     string
	password registry.Secret
}

// build turns a config into that of the driver, field by field: text that has to be parsed can be read in another
// way than it was meant.
func build(cfg registry.Config, env registry.Env) (*connector, error) {
	config, err := msdsn.Parse(skeleton)
	if err != nil {
		return nil, err
	}
	set, err := readParams(cfg.Params, &config)
	if err != nil {
		return nil, err
	}
	encryption, err := encryption(cfg, set.strict)
	if err := errors.Join(network.CheckFields(cfg), err, checkHost(cfg), checkLogin(cfg, set, env)); err != nil {
		return nil, err
	}
	config.Encryption = encryption
	config.Database = cfg.Database
	config.AppName = fit(network.AppName(cfg))
	config.Workstation = fit(config.Workstation)
	config.DialTimeout = -1 // whoever asks for the connection bounds it

	c := &connector{
		settings: set, servers: []server{{network.Host(cfg), cfg.Port, set.instance}},
		env: env, dial: network.DialFunc(env), user: cfg.User, password: cfg.Password,
	}
	if set.partner != (server{}) {
		c.servers = append(c.servers, set.partner)
	}
	if cfg.TLS == nil {
		cfg.TLS = new(registry.TLS) // for a server that insists on it
	}
	c.name = cfg.TLS.ServerName
	config.HostInCertificateProvided = c.name != ""
	if c.tls, err = network.ServerTLS(cfg); err != nil {
		return nil, err
	}
	return c, nil
}

// encryption returns the way in which the driver is to encrypt.
func encryption(cfg registry.Config, strict bool) (msdsn.Encryption, error) {
	switch {
	case cfg.TLS == nil && strict:
		return 0, &registry.ConfigError{Field: "params.strict", Problem: "is set without ssl", Cure: "set ssl=true as well"}
	case cfg.TLS == nil:
		return msdsn.EncryptionDisabled, nil
	case cfg.TLS.Cert != "" || !cfg.TLS.Key.IsZero():
		return 0, &registry.ConfigError{
			Field:   "ssl.cert",
			Problem: "is set, but SQL Server takes no client certificates",
			Cure:    "leave out ssl.cert and ssl.key, and log in with user and password or a token",
		}
	case strict:
		return msdsn.EncryptionStrict, nil
	}
	return msdsn.EncryptionRequired, nil
}

func checkHost(cfg registry.Config) error {
	if network.IsSocket(cfg) {
		return &registry.ConfigError{Field: "host", Problem: "is a path, but SQL Server has no unix sockets", Cure: "write a name or an IP address"}
	}
	return nil
}

// checkLogin looks at what the login will be made of, as far as it is known.
func checkLogin(cfg registry.Config, set settings, env registry.Env) error {
	var errs []error
	wrong := func(field, problem, cure string) {
		errs = append(errs, &registry.ConfigError{Field: field, Problem: problem, Cure: cure})
	}
	const leave = "leave it out, or set params.authentication=password"
	switch {
	case set.method == "windows" && runtime.GOOS != "windows":
		wrong("params.authentication", "is windows, but this program does not run on Windows", `set user to DOMAIN\name, and password`)
	case set.method == "windows" && (cfg.User != "" || !cfg.Password.IsZero() || env.Credentials != nil):
		wrong("user", "or password is given, but params.authentication=windows logs in as the account that the program runs as", leave)
	case set.method == "token" && cfg.User != "":
		wrong("user", "is given, but a token says itself whose it is", leave)
	case set.method == "token" && cfg.TLS == nil:
		wrong("params.authentication", "is token, which would go over the network as it is", "set ssl=true")
	case set.method == "token" && cfg.Password.IsZero() && env.Credentials == nil:
		wrong("password", "is empty", "give the access token as the password")
	}
	if env.Credentials == nil && (set.method == "" || set.method == "password") {
		errs = append(errs, checkUser(cfg.User, cfg.Password))
	}
	if problem := loginText(cfg.Database); problem != "" {
		wrong("database", problem, "connect to another one, and change to it with USE")
	}
	if set.config.ReadOnlyIntent && cfg.Database == "" {
		wrong("database", "is empty, but params.applicationIntent=ReadOnly chooses a replica by it", "name the database")
	}
	return errors.Join(errs...)
}

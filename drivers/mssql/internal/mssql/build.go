package mssql

import (
	"errors"
	"runtime"

	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// skeleton is all that is ever parsed: what the driver needs to be told because it would look elsewhere for it,
// in the environment variable MSSQL_USE_EPA and among the protocols that other packages have registered.
const skeleton = "server=localhost;protocol=tcp;epa enabled=false"

// build turns a config into that of the driver, field by field: text that has to be parsed can be read in another
// way than it was meant.
func build(cfg registry.Config, env registry.Env) (*connector, error) {
	config, err := msdsn.Parse(skeleton)
	if err != nil {
		return nil, err
	}
	c := &connector{cfg: cfg, env: env, set: settings{config: &config}, dial: network.DialFunc(env)}
	for _, check := range []func() []error{c.readSettings, c.check} {
		if err := errors.Join(check()...); err != nil {
			return nil, err
		}
	}
	config.Encryption = msdsn.EncryptionDisabled // for the driver: see stream
	config.Database = cfg.Database
	config.AppName = fit(network.AppName(&c.cfg))
	config.Workstation = fit(config.Workstation)
	config.ReadOnlyIntent = readsOnly(cfg.Role)
	config.DialTimeout = -1 // whoever asks for the connection bounds it

	config.Host, config.Port = network.Host(&c.cfg), uint64(cfg.Port)
	t := cfg.TLS
	if t == nil {
		t = new(registry.TLS) // for a server that insists on it
	}
	c.name = t.ServerName
	if c.tls, err = network.NewServerTLS(&registry.Config{Host: cfg.Host, TLS: t}); err != nil {
		return nil, err
	}
	return c, nil
}

// readsOnly reports whether the login is to say so, by which the server can send the client on to a replica.
// https://learn.microsoft.com/sql/database-engine/availability-groups/windows/listeners-client-connectivity-application-failover
func readsOnly(r registry.Role) bool {
	return r == registry.RoleReader || r == registry.RolePreferReader
}

// check reports what cannot work together.
func (c *connector) check() []error {
	var (
		cfg         = &c.cfg
		isToken     = c.set.method == "token"
		isWindows   = c.set.method == "windows"
		hasCert     = cfg.TLS != nil && (cfg.TLS.Cert != "" || !cfg.TLS.Key.IsZero() || cfg.TLS.CertFile != "" || cfg.TLS.KeyFile != "")
		hasPassword = !cfg.Password.IsZero() || c.env.Credentials != nil
		database    = loginText(cfg.Database)
		errs        = []error{network.CheckFields(cfg)}
	)
	for _, row := range []struct {
		is                   bool
		field, problem, cure string
	}{
		{network.IsSocket(cfg), "host", "is a path, but SQL Server has no unix sockets", "write a name or an IP address"},
		{hasCert, "ssl.cert", "is set, but SQL Server takes no client certificates", "leave out ssl.cert and ssl.key, and log in with user and password or a token"},
		{c.set.strict && cfg.TLS == nil, "params.strict", "is set without ssl", "set ssl=true as well"},
		{isWindows && runtime.GOOS != "windows", "params.authentication", "is windows, but this program does not run on Windows", `set user to DOMAIN\name, and password`},
		{isWindows && (cfg.User != "" || hasPassword), "user", "or password is given, but params.authentication=windows logs in as the account that the program runs as", "leave it out"},
		{isToken && cfg.User != "", "user", "is given, but a token says itself whose it is", "leave it out"},
		{isToken && cfg.TLS == nil, "params.authentication", "is token, which would go over the network as it is", "set ssl=true"},
		{isToken && !hasPassword, "password", "is empty", "give the access token as the password"},
		{database != "", "database", database, "connect to another one, and change to it with USE"},
		{readsOnly(cfg.Role) && cfg.Database == "", "database", "is empty, but role=" + cfg.Role.String() + " has the server choose a replica by it", "name the database"},
	} {
		if row.is {
			errs = append(errs, &registry.ConfigError{Field: row.field, Problem: row.problem, Cure: row.cure})
		}
	}
	if c.env.Credentials == nil && !isToken && !isWindows {
		errs = append(errs, checkUser(cfg.User, cfg.Password))
	}
	return errs
}

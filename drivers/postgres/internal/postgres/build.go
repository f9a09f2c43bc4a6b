package postgres

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// maxMessage is the limit of the server's own messages. Those of a login have others.
// https://github.com/postgres/postgres/blob/master/src/include/libpq/libpq.h
const maxMessage = 0x3fffffff - 1

// newConnector checks a config. What pgx reads from the environment and from files when it makes its own has to wait
// until Connect.
func newConnector(cfg registry.Config, env registry.Env) (*connector, error) {
	c := &connector{cfg: cfg, env: env}
	err := c.set.read(&c.cfg)
	port := defaultPort
	if c.set.environment {
		port = 0
	}
	host, bad := hostOf(&c.cfg, port)
	var nobody error
	if cfg.User == "" && env.Credentials == nil && !c.set.environment {
		nobody = wrong("user", "is empty", "name the role to log in as")
	}
	if err := errors.Join(network.CheckFields(&c.cfg), err, bad, nobody); err != nil {
		return nil, err
	}
	c.hosts = []*pgconn.FallbackConfig{host}
	if c.tls, err = c.certificatesFor(c.hosts); err != nil {
		return nil, err
	}
	return c, nil
}

// build turns the config into that of pgx, field by field: text that has to be parsed can be read in another way than it
// was meant.
func (c *connector) build() (config *pgx.ConnConfig, err error) {
	hosts, certificates := c.hosts, c.tls
	if c.set.environment {
		if config, err = withEnvironment(&c.cfg, hosts, c.set.connection); err == nil {
			hosts = hostsFrom(&config.Config)
			certificates, err = c.certificatesFor(hosts)
		}
	} else {
		config, err = withoutEnvironment(c.set.connection)
	}
	if err != nil {
		return nil, err
	}
	if hosts, err = encrypt(hosts, certificates); err != nil {
		return nil, err
	}

	first := hosts[0]
	config.Host, config.Port, config.TLSConfig, config.Fallbacks = first.Host, first.Port, first.TLSConfig, hosts[1:]
	if c.cfg.User != "" {
		config.User = c.cfg.User
	}
	if !c.cfg.Password.IsZero() {
		config.Password = c.cfg.Password.Reveal()
	}
	if c.cfg.Database != "" {
		config.Database = c.cfg.Database
	}
	session(config.RuntimeParams, &c.cfg, c.set.session)
	config.ConnectTimeout = 0 // whoever asks for the connection bounds it
	config.MaxProtocolMessageBodyLen = maxMessage
	config.DialFunc = network.DialFunc(c.env)
	if config.ValidateConnect == nil {
		// The dialer gets the name itself: a tunnel may know names that this machine does not.
		config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	}
	return config, nil
}

// session completes the settings of the session, of which the environment may have brought some.
func session(params map[string]string, cfg *registry.Config, set map[string]string) {
	if _, given := params["timezone"]; !given {
		params["timezone"] = "UTC"
	}
	if _, given := params["application_name"]; !given || cfg.AppName != "" {
		params["application_name"] = network.AppName(cfg)
	}
	maps.Copy(params, set)
	if strings.EqualFold(params["timezone"], serversOwn) {
		delete(params, "timezone")
	}
	params["client_encoding"] = "UTF8"
}

// certificatesFor returns the TLS with each host, nil for plaintext. It is that of the last time, which knows what the
// files held before.
func (c *connector) certificatesFor(hosts []*pgconn.FallbackConfig) ([]*network.TLS, error) {
	if c.cfg.TLS == nil {
		return nil, nil
	}
	var all []*network.TLS
	for _, host := range hosts {
		cfg := registry.Config{Host: host.Host, TLS: c.cfg.TLS}
		if network.IsSocket(&cfg) {
			return nil, wrong("ssl", "cannot be used with a unix socket, where PostgreSQL has no TLS", "leave it out: a socket does not leave the machine")
		}
		one, known := c.known.Load(host.Host)
		if !known {
			made, err := network.NewTLS(&cfg)
			if err != nil {
				return nil, err
			}
			one, _ = c.known.LoadOrStore(host.Host, made)
		}
		all = append(all, one.(*network.TLS))
	}
	return all, nil
}

// encrypt returns the hosts with the TLS for one connection: the files that the config names may have changed.
func encrypt(hosts []*pgconn.FallbackConfig, certificates []*network.TLS) ([]*pgconn.FallbackConfig, error) {
	if certificates == nil {
		return hosts, nil
	}
	encrypted := make([]*pgconn.FallbackConfig, len(hosts))
	for i, host := range hosts {
		own := *host
		var err error
		if own.TLSConfig, err = certificates[i].Config(); err != nil {
			return nil, err
		}
		encrypted[i] = &own
	}
	return encrypted, nil
}

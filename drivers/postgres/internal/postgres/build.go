package postgres

import (
	"context"
	"errors"
	"maps"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// maxLoginMessage bounds what is read before the login is over: none of PostgreSQL's messages there is near it,
// and the first bytes of most other protocols, read as a length, are beyond it. Afterwards the limit is what
// it is without: https://github.com/postgres/postgres/blob/master/src/include/libpq/libpq.h
const (
	maxLoginMessage = 1 << 20
	maxMessage      = 0x3fffffff - 1
)

// build turns a config into that of pgx, field by field: text that has to be parsed can be read in another way
// than it was meant.
func build(cfg registry.Config, env registry.Env) (*pgx.ConnConfig, error) {
	set, err := readSettings(&cfg)
	port := defaultPort
	if set.environment {
		port = 0
	}
	hosts, wrong := hostsOf(&cfg, port)
	errs := []error{network.CheckFields(&cfg), err, wrong}
	if set.environment && cfg.Host == "" && len(hosts) > 1 {
		errs = append(errs, &registry.ConfigError{Field: "params.fallback_hosts", Problem: "comes after a host that the environment names", Cure: "set host"})
	}
	if cfg.User == "" && env.Credentials == nil && !set.environment {
		errs = append(errs, &registry.ConfigError{Field: "user", Problem: "is empty", Cure: "name the role to log in as"})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}

	var config *pgx.ConnConfig
	if set.environment {
		if config, err = withEnvironment(&cfg, hosts, set.connection); err == nil {
			hosts = hostsFrom(&config.Config)
		}
	} else {
		config, err = withoutEnvironment(set.connection)
	}
	if err == nil {
		err = encrypt(hosts, cfg)
	}
	if err != nil {
		return nil, err
	}

	first := hosts[0]
	config.Host, config.Port, config.TLSConfig, config.Fallbacks = first.Host, first.Port, first.TLSConfig, hosts[1:]
	if cfg.User != "" {
		config.User = cfg.User
	}
	if !cfg.Password.IsZero() {
		config.Password = cfg.Password.Reveal()
	}
	if cfg.Database != "" {
		config.Database = cfg.Database
	}
	session(config.RuntimeParams, &cfg, set.session)
	config.ConnectTimeout = 0 // whoever asks for the connection bounds it
	config.MaxProtocolMessageBodyLen = maxLoginMessage
	config.DialFunc = network.DialFunc(env)
	if cfg.TLS != nil && cfg.TLS.Cert != "" {
		config.DialFunc = loginDialer(config.DialFunc)
	}
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

// encrypt puts the TLS of the config into every host.
func encrypt(hosts []*pgconn.FallbackConfig, cfg registry.Config) error {
	if cfg.TLS == nil {
		return nil
	}
	for _, host := range hosts {
		cfg.Host = host.Host
		if network.IsSocket(&cfg) {
			return &registry.ConfigError{
				Field:   "ssl",
				Problem: "cannot be used with a unix socket, where PostgreSQL has no TLS",
				Cure:    "leave it out: a socket does not leave the machine",
			}
		}
		var err error
		if host.TLSConfig, err = network.TLSConfig(&cfg); err != nil {
			return err
		}
	}
	return nil
}

// loginDialer lets a client hear why its certificate is refused.
func loginDialer(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, net_, address string) (net.Conn, error) {
		socket, err := dial(ctx, net_, address)
		if err != nil {
			return nil, err
		}
		return network.NewHandshake(socket, nil), nil
	}
}

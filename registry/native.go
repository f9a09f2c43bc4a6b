package registry

import (
	"errors"
	"maps"
	"strings"
)

// Native is implemented by a driver that reads the connection strings of its own database module, and knows what the
// words in them are here. It does no I/O and repeats no value in an error.
type Native interface {
	// ParseDSN reads what the module's own Open takes. Dialect is not set.
	ParseDSN(dsn string) (Config, error)

	// Import moves the module's own parameters from Params into the fields that they mean: sslmode, parseTime,
	// encrypt. What a field says already wins. It may be called again with what it has made.
	Import(cfg *Config) error
}

// ParseDSN reads a connection string in the form of the database module of a dialect, such as
// "app:secret@tcp(db:3306)/shop" for "mysql". The driver must be linked.
func ParseDSN(dialect, dsn string, opts ...ParseOption) (Config, error) {
	return std.ParseDSN(dialect, dsn, opts...)
}

// ParseDSN is the function [ParseDSN] for the dialects of this registry.
func (r *Registry) ParseDSN(dialect, dsn string, opts ...ParseOption) (Config, error) {
	for _, opt := range opts {
		if err := opt(&dsn); err != nil {
			return Config{}, err
		}
	}
	cfg := Config{Dialect: dialect, DSN: NewSecret(dsn)}
	if _, err := r.Resolve(&cfg); err != nil {
		return Config{}, err
	}
	return cfg, cfg.Validate()
}

// Resolve returns the driver of a config, of which it reads the DSN and moves the words of the driver's module
// from Params into fields. That is what is opened. Fields that are set win over the DSN: Host, Port and Hosts together, TLS
// as a whole, the others, and each key of Session and Params, by themselves. What cfg shares with another config stays as it is.
func (r *Registry) Resolve(cfg *Config) (Driver, error) {
	d, err := r.Lookup(cfg.Dialect)
	if err != nil {
		return nil, err
	}
	native, ok := d.(Native)
	switch {
	case !ok && !cfg.DSN.IsZero():
		return d, NewConfigError("dsn", "cannot be read: the driver of "+d.Info().Dialect+" knows no connection strings", "use fields or a URL")
	case !ok:
		return d, nil
	}
	for name := range cfg.Params {
		if strings.EqualFold(name, "password") || strings.EqualFold(name, "pwd") { // which connection strings have, and logs of Params show
			return d, NewConfigError("params."+name, "is no place for a password", "use the field password")
		}
	}
	cfg.unshare()
	strange := notWords(native, cfg)
	for name := range strange {
		delete(cfg.Params, name)
	}
	if err := native.Import(cfg); err != nil {
		return d, err
	}
	cfg.Params = mapOver(cfg.Params, strange)
	if !cfg.DSN.IsZero() {
		base, err := native.ParseDSN(cfg.DSN.Reveal())
		if err != nil {
			return d, err
		}
		cfg.DSN = Secret{}
		cfg.Complete(&base)
	}
	return d, nil
}

// Complete takes what c leaves open from base. Host, Port and Hosts are one, TLS is one, and so are the ways to
// have a password; Session and Params are completed by key. Readers and DSN are not taken.
func (c *Config) Complete(base *Config) {
	complete(&c.Dialect, base.Dialect)
	if c.Host == "" && c.Port == 0 && len(c.Hosts) == 0 {
		c.Host, c.Port, c.Hosts = base.Host, base.Port, base.Hosts
	}
	complete(&c.HostOrder, base.HostOrder)
	complete(&c.Role, base.Role)
	if c.Database == "" {
		complete(&c.Filename, base.Filename)
	}
	complete(&c.Database, base.Database)
	complete(&c.User, base.User)
	if c.Password.IsZero() && c.PasswordFile == "" && c.Credentials.Provider == "" {
		c.Password, c.PasswordFile, c.Credentials = base.Password, base.PasswordFile, base.Credentials
	}
	complete(&c.TLS, base.TLS)
	complete(&c.Pool.Min, base.Pool.Min)
	complete(&c.Pool.Max, base.Pool.Max)
	complete(&c.Pool.MaxIdle, base.Pool.MaxIdle)
	complete(&c.Pool.MaxLifetime, base.Pool.MaxLifetime)
	complete(&c.Pool.MaxIdleTime, base.Pool.MaxIdleTime)
	complete(&c.ConnectTimeout, base.ConnectTimeout)
	if c.Retry.equal(new(Retry)) {
		c.Retry = base.Retry
	}
	complete(&c.Lazy, base.Lazy)
	complete(&c.AppName, base.AppName)
	c.Session = mapOver(c.Session, base.Session)
	c.Params = mapOver(c.Params, base.Params)
}

// complete sets a field that is zero.
func complete[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func mapOver(m, base map[string]string) map[string]string {
	if len(base) == 0 {
		return m
	}
	all := maps.Clone(base)
	maps.Copy(all, m)
	return all
}

// notWords returns the Params that no connection string knows. There such a word is a setting of the session; among Params it
// is left to the driver, which refuses it by its name.
func notWords(native Native, cfg *Config) map[string]string {
	strange := make(map[string]string)
	for name, value := range cfg.Params {
		probe := Config{Dialect: cfg.Dialect, Params: map[string]string{name: value}}
		err := native.Import(&probe)
		_, moved := probe.Session[strings.ToLower(name)]
		if wrong, ok := errors.AsType[*ConfigError](err); moved || ok && wrong.Field == "session" {
			strange[name] = value
		}
	}
	return strange
}

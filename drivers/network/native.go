package network

import "github.com/patchbay-go/patchbay/registry"

// Resolve returns a config as a connection is opened from it, for those who make the config of a database module of it:
// with its DSN read, the module's own words in their fields, and checked. It is that of one server.
func Resolve(d registry.Driver, cfg registry.Config) (registry.Config, error) {
	var r registry.Registry
	r.Register(d)
	cfg, _, err := r.Resolve(cfg)
	if err == nil {
		err = cfg.Validate()
	}
	if err == nil {
		err = oneServer(&cfg)
	}
	return cfg, err
}

// oneServer refuses what package conn does with several servers.
func oneServer(cfg *registry.Config) error {
	for _, c := range []struct {
		is           bool
		field, other string
	}{
		{len(cfg.Hosts) > 0, "hosts", "name one as host"},
		{cfg.Role != registry.RoleAny, "role", "leave it out, and ask the server for its role"},
		{cfg.Readers != nil, "readers", "make a further config of them"},
	} {
		if c.is {
			return &registry.ConfigError{Field: c.field, Problem: "is what conn.Open does, and a config of the database module has no place for it", Cure: c.other}
		}
	}
	return nil
}

// AsksForLogin returns an error if the login of a config has to be asked for, by the name of the field that says so.
func AsksForLogin(cfg *registry.Config, problem, cure string) error {
	switch {
	case cfg.PasswordFile != "":
		return &registry.ConfigError{Field: "passwordFile", Problem: "is read for every connection, and " + problem, Cure: cure}
	case cfg.Credentials.Provider != "":
		return &registry.ConfigError{Field: "credentials.provider", Problem: "is asked for every connection, and " + problem, Cure: cure}
	}
	return nil
}

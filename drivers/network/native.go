package network

import "github.com/patchbay-go/patchbay/registry"

// Resolve returns a config as a connection is opened from it, for those who make the config of a database module of it:
// with its DSN read, the module's own words in their fields, and checked. It is that of one server.
func Resolve(d registry.Driver, cfg registry.Config) (registry.Config, error) {
	var r registry.Registry
	r.Register(d)
	_, err := r.Resolve(&cfg)
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
	const problem = "is what conn.Open does, and a config of the database module has no place for it"
	switch {
	case len(cfg.Hosts) > 0:
		return wrong("hosts", problem, "name one as host")
	case cfg.Role != registry.RoleAny:
		return wrong("role", problem, "leave it out, and ask the server for its role")
	case cfg.Readers != nil:
		return wrong("readers", problem, "make a further config of them")
	}
	return nil
}

// AsksForLogin returns an error if the login of a config has to be asked for, by the name of the field that says so.
func AsksForLogin(cfg *registry.Config, problem, cure string) error {
	switch {
	case cfg.PasswordFile != "":
		return wrong("passwordFile", "is read for every connection, and "+problem, cure)
	case cfg.Credentials.Provider != "":
		return wrong("credentials.provider", "is asked for every connection, and "+problem, cure)
	}
	return nil
}

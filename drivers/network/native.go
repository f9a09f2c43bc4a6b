package network

import "github.com/patchbay-go/patchbay/registry"

// Resolve returns a config as a connection is opened from it, for those who make the config of a database module of it:
// with its DSN read, the module's own words in their fields, and checked.
func Resolve(d registry.Driver, cfg registry.Config) (registry.Config, error) {
	var r registry.Registry
	r.Register(d)
	cfg, _, err := r.Resolve(cfg)
	if err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
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

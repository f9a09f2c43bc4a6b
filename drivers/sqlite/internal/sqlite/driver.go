// Package sqlite is the driver that package drivers/sqlite links where its build tag says so, and which its
// documentation describes. Only engine.go imports the database module, which does not build on every platform.
package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

type dialect struct{}

func (dialect) Info() registry.Info {
	info, _ := registry.Describe("sqlite")
	info.DriverName, info.Placeholder, info.SingleWriter = "sqlite", registry.Question, true
	info.VersionQuery = "select sqlite_version()"
	info.RoleQuery = "select not query_only from pragma_query_only"
	return info
}

// Connector opens no file. The functions, collations and hooks that a program has registered with
// modernc.org/sqlite are there on every connection.
func (dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	path, set, err := locate(cfg, env)
	if err != nil {
		return nil, err
	}
	base, err := newConnector(fileURI(path, set.query))
	switch {
	case err != nil:
		return nil, err
	case set.memory:
		return &memoryConnector{connector: connector{base: base, set: set}}, nil
	}
	return &connector{base, path, set}, nil
}

// locate returns the path that a config names, and what it says of the connections.
func locate(cfg registry.Config, env registry.Env) (path string, set settings, err error) {
	field, name := fileName(cfg)
	memory := inMemory(name)
	set, err = readParams(cfg.Params, memory, env.NoCreate)
	set.memory = memory
	err = errors.Join(foreignFields(cfg, env), err, set.takeRole(&cfg), set.readSession(cfg.Session))
	if memory {
		// A name that nobody else in the process has: SQLite shares the database between all who know it.
		// https://www.sqlite.org/src/file/src/memdb.c
		path = fmt.Sprintf("/%016x%016x", rand.Uint64(), rand.Uint64())
		set.query += "vfs=memdb"
		return path, set, err
	}
	path, wrong := absolute(field, name)
	return path, set, errors.Join(err, wrong)
}

// takeRole makes a reader by the setting that refuses writes: every file has readers, and every one that can be written
// a writer, but not a database in memory.
func (set settings) takeRole(cfg *registry.Config) error {
	switch {
	case cfg.Role == registry.RoleWriter && set.mode == "ro":
		return &registry.ConfigError{Field: "role", Problem: "is writer, and params.mode is ro", Cure: "leave one of them out"}
	case cfg.Role == registry.RoleReader && set.memory:
		return &registry.ConfigError{Field: "role", Problem: "is reader, which a database in memory cannot be", Cure: "leave it out"}
	case cfg.Role != registry.RoleReader && cfg.Role != registry.RolePreferReader || set.memory:
		return nil
	}
	for name, value := range cfg.Session {
		if strings.EqualFold(name, queryOnly) {
			if on, ok := boolean(value); ok && !on {
				return &registry.ConfigError{Field: "session." + name, Problem: "is off beside role=" + cfg.Role.String(), Cure: "leave one of them out"}
			}
			return nil
		}
	}
	if cfg.Session == nil {
		cfg.Session = make(map[string]string)
	}
	cfg.Session[queryOnly] = "on" // the config belongs to the driver
	return nil
}

// foreignFields refuses what only a server has a use for.
func foreignFields(cfg registry.Config, env registry.Env) error {
	var errs []error
	refuse := func(name string, set bool) {
		if set {
			errs = append(errs, &registry.ConfigError{Field: name, Problem: "has no meaning for sqlite, which opens files", Cure: "leave it out"})
		}
	}
	refuse("host", cfg.Host != "")
	refuse("port", cfg.Port != 0)
	refuse("hosts", len(cfg.Hosts) > 0)
	refuse("hostOrder", cfg.HostOrder != registry.HostsListed)
	refuse("user", cfg.User != "")
	refuse("password", !cfg.Password.IsZero())
	refuse("ssl", cfg.TLS != nil)
	refuse("appName", cfg.AppName != "")
	refuse("credentials", env.Credentials != nil)
	return errors.Join(errs...)
}

// fileName returns the name of the file and the field that holds it.
func fileName(cfg registry.Config) (field, name string) {
	if cfg.Filename == "" && cfg.Database != "" {
		return "database", cfg.Database
	}
	return "filename", cfg.Filename
}

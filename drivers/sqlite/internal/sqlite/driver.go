// Package sqlite is the driver that package drivers/sqlite links where its build tag says so, and which its
// documentation describes. Only engine.go imports the database module, which does not build on every platform.
package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"

	"github.com/patchbay-go/patchbay/registry"
)

type dialect struct{}

var theDialect dialect // one for all, as registering it again is nothing

func (*dialect) Info() registry.Info {
	info, _ := registry.Describe("sqlite")
	info.DriverName, info.Placeholder, info.SingleWriter = "sqlite", registry.Question, true
	info.VersionQuery = "select sqlite_version()"
	info.RoleQuery = "select not query_only from pragma_query_only"
	return info
}

// Connector opens no file. The functions, collations and hooks that a program has registered with
// modernc.org/sqlite are there on every connection.
func (*dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	path, set, err := locate(&cfg, &env)
	if err != nil {
		return nil, err
	}
	if env.OnePool != nil && (set.journal != "wal" || set.mode == "ro") { // in memory there is no journal
		env.OnePool()
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
func locate(cfg *registry.Config, env *registry.Env) (path string, set *settings, err error) {
	field, name := fileName(cfg)
	memory := inMemory(name)
	reads := cfg.Role == registry.RoleReader || cfg.Role == registry.RolePreferReader && !memory
	params := cfg.Params
	if _, given := params["txlock"]; reads && !given {
		params = map[string]string{"txlock": "deferred"} // one that writes at once would fail
		maps.Copy(params, cfg.Params)
	}
	set, err = readParams(params, memory, env.NoCreate)
	errs := append(foreignFields(cfg, env), err, set.readSession(cfg.Session), set.checkRole(cfg.Role))
	if reads && set.writable.last != "" && set.writable.last != queryOnlyOn {
		errs = append(errs, wrong("session."+queryOnly, "is off for a reader", "leave it out"))
	}
	if reads {
		set.readable.last, set.writable.last = queryOnlyOn, queryOnlyOn
	}
	if memory {
		// A name that nobody else in the process has: SQLite shares the database between all who know it.
		// https://www.sqlite.org/src/file/src/memdb.c
		path = fmt.Sprintf("/%016x%016x", rand.Uint64(), rand.Uint64())
		set.query += "vfs=memdb"
	} else {
		path, err = absolute(field, name)
		errs = append(errs, err)
	}
	return path, set, errors.Join(errs...)
}

// checkRole refuses a role that the file or the database in memory cannot have.
func (set *settings) checkRole(role registry.Role) error {
	switch {
	case role == registry.RoleWriter && set.mode == "ro":
		return wrong("role", "is writer, and params.mode is ro", "leave one of them out")
	case role == registry.RoleReader && set.memory:
		return wrong("role", "is reader, which a database in memory cannot be", "leave it out")
	}
	return nil
}

// foreignFields refuses what only a server has a use for.
func foreignFields(cfg *registry.Config, env *registry.Env) (errs []error) {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"host", cfg.Host != ""},
		{"port", cfg.Port != 0},
		{"hosts", len(cfg.Hosts) > 0},
		{"hostOrder", cfg.HostOrder != registry.HostsListed},
		{"user", cfg.User != ""},
		{"password", !cfg.Password.IsZero()},
		{"ssl", cfg.TLS != nil},
		{"appName", cfg.AppName != ""},
		{"credentials", env.Credentials != nil},
	} {
		if f.set {
			errs = append(errs, wrong(f.name, "has no meaning for sqlite, which opens files", "leave it out"))
		}
	}
	return errs
}

// fileName returns the name of the file and the field that holds it.
func fileName(cfg *registry.Config) (field, name string) {
	if cfg.Filename == "" && cfg.Database != "" {
		return "database", cfg.Database
	}
	return "filename", cfg.Filename
}

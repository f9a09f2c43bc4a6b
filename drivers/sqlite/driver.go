//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite

import (
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/internal/errtree"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return new(dialect) }

// dialect also is a [registry.TestConfiger], [registry.Versioner] and [registry.Adviser].
type dialect struct{}

func (*dialect) Info() registry.Info {
	info, _ := registry.Describe("sqlite")
	return info
}

// Connector opens no file. The functions, collations and hooks that a program has registered with
// modernc.org/sqlite are there on every connection.
func (*dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error) {
	field, name := fileName(cfg)
	memory := inMemory(name)
	set, err := readParams(cfg.Params, memory)
	err = errtree.Join(foreignFields(cfg, env), err)

	path := ""
	if memory {
		// A name that nobody else in the process has: SQLite shares the database between all who know it.
		// https://www.sqlite.org/src/file/src/memdb.c
		path = fmt.Sprintf("/%016x%016x", rand.Uint64(), rand.Uint64())
		set.query += "vfs=memdb"
	} else {
		var wrong error
		path, wrong = absolute(field, name)
		err = errtree.Join(err, wrong)
	}
	if err != nil {
		return nil, err
	}

	base, err := sqlite.NewConnector(fileURI(path, set.query))
	switch {
	case err != nil:
		return nil, err
	case memory:
		return &memoryConnector{connector: connector{base: base, set: set}}, nil
	}
	return &connector{base, path, set}, nil
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
	refuse("user", cfg.User != "")
	refuse("password", !cfg.Password.IsZero())
	refuse("ssl", cfg.TLS != nil)
	refuse("appName", cfg.AppName != "")
	refuse("credentials", env.Credentials != nil)
	return errtree.Join(errs...)
}

// fileName returns the name of the file and the field that holds it.
func fileName(cfg registry.Config) (field, name string) {
	if cfg.Filename == "" {
		return "database", cfg.Database
	}
	return "filename", cfg.Filename
}

// TestConfig lets a test of the connection open existing files only, and leave their journal mode alone.
// A value that is wrong stays, for the Connector to refuse.
func (*dialect) TestConfig(cfg registry.Config) registry.Config {
	if _, name := fileName(cfg); inMemory(name) {
		return cfg
	}
	cfg = cfg.Clone()
	if cfg.Params == nil {
		cfg.Params = make(map[string]string)
	}
	mode, given := cfg.Params["mode"]
	if !given || strings.EqualFold(mode, "rwc") {
		cfg.Params["mode"] = "rw"
	}
	journal, given := cfg.Params["journal_mode"]
	if !strings.EqualFold(mode, "ro") && (!given || slices.Contains(journalModes, strings.ToLower(journal))) {
		cfg.Params["journal_mode"] = keep
	}
	return cfg
}

func (*dialect) VersionQuery() string { return "select sqlite_version()" }

// Package configfile reads the connections of a program from a JSON or YAML file or from the environment, for package
// manager, and follows the changes of a file. It opens no database, expands nothing twice, and puts no value of the file
// or the environment into an error.
//
// # The file
//
// The key connections maps each name to a config, in the form of [registry.Config.UnmarshalJSON], or to a URL. Other keys
// belong to the program and are not looked at, but for version, which is 1 or left out. A file that has the key dialect
// instead is one config without a name.
//
//	version: 1
//	connections:
//	  main: {dialect: postgres, host: db.example, user: app, password: "${DB_PASSWORD}", database: shop, ssl: true}
//	  events: sqlite:events.db
//	  legacy: {dialect: mysql, dsn: "${LEGACY_DSN}"}
//
// In a value, ${NAME} is an environment variable, ${NAME:-text} one with a text to use where it is unset or empty, and
// $${ a literal ${. What a variable holds is taken as it is: nothing in it is expanded, and none of it can become another
// key or, in a URL, another parameter; a dsn has its own rules, so let a variable hold the whole of it. The names of files
// (filename, passwordFile, ssl.caFile and its kin) are relative to the folder of the file; in a dsn, to the working directory.
package configfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// Unnamed is the name of the connection of a file that holds one config and no names.
const Unnamed = "__default__"

// File holds the connections of one file as they are written there. Load is for programs that need no more than the
// configs.
type File struct {
	path  string
	conns map[string]json.RawMessage // an object or a string each
}

// Read reads a file. One whose name ends in .json is JSON, any other is YAML.
func Read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the config: %w", err)
	}
	return read(path, data)
}

// read is Read of a file that has the data.
func read(path string, data []byte) (*File, error) {
	var err error
	data = []byte(strings.TrimPrefix(string(data), "\ufeff"))
	if !strings.EqualFold(filepath.Ext(path), ".json") {
		data, err = yamlToJSON(data)
	}
	if err == nil {
		var f *File
		if f, err = parse(data); err == nil {
			f.path = path
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

func parse(data []byte) (*File, error) {
	top, err := object(data)
	if err != nil {
		return nil, err
	}
	if version, ok := top["version"]; ok && string(version) != "1" && string(version) != `"1"` {
		return nil, errors.New("has a version that is not known here: use 1, or a newer version of this program")
	}
	list, named := top["connections"]
	_, single := top["dialect"]
	switch {
	case named && single:
		return nil, errors.New("has both connections and dialect: move the config that the dialect belongs to under connections")
	case single:
		return &File{conns: map[string]json.RawMessage{Unnamed: data}}, nil
	case !named:
		return nil, errors.New("has no connections: write connections: with a name and a config or URL for each, or a single config with its dialect")
	}
	conns, err := object(list)
	if err != nil {
		return nil, fmt.Errorf("connections: %w", err)
	}
	if len(conns) == 0 {
		return nil, errors.New("connections is empty: write a name and a config or URL for each")
	}
	for _, name := range slices.Sorted(maps.Keys(conns)) {
		if c := conns[name][0]; c != '{' && c != '"' {
			return nil, fmt.Errorf("connection %q is neither a config nor a URL", name)
		}
	}
	return &File{conns: conns}, nil
}

// Names lists the connections, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.conns)) }

// Config returns the config of a connection, with variables expanded.
func (f *File) Config(name string) (registry.Config, error) {
	var c registry.Config
	err := f.each(name, func(raw json.RawMessage) error {
		var err error
		if raw[0] == '"' {
			if c, err = f.url(raw); err != nil {
				return err
			}
		} else {
			if raw, err = f.fill(raw, ""); err != nil {
				return err
			}
			if err = json.Unmarshal(raw, &c); err != nil {
				return err
			}
			if err = c.Validate(); err != nil {
				return err
			}
		}
		f.locate(&c)
		return nil
	})
	return c, err
}

// locate makes the names of files relative to the folder of the config file.
func (f *File) locate(c *registry.Config) {
	dir := filepath.Dir(f.path)
	join := func(name *string) {
		if *name != "" && *name != ":memory:" && !filepath.IsAbs(*name) {
			*name = filepath.Join(dir, *name)
		}
	}
	if info, _ := registry.Describe(c.Dialect); info.Files && c.Filename == "" {
		join(&c.Database)
	}
	join(&c.Filename)
	join(&c.PasswordFile)
	if c.TLS != nil {
		join(&c.TLS.CAFile)
		join(&c.TLS.CertFile)
		join(&c.TLS.KeyFile)
	}
	if c.Readers != nil {
		f.locate(c.Readers)
	}
}

// Dialect returns the dialect of a connection, as it is written there, and expands no variable that it does not
// need for that: what a build depends on is told without the secrets of the running program.
func (f *File) Dialect(name string) (dialect string, err error) {
	err = f.each(name, func(raw json.RawMessage) error {
		if raw[0] == '"' {
			dialect, err = scheme(raw)
			return err
		}
		fields, err := object(raw)
		if err != nil {
			return err
		}
		var text string
		if json.Unmarshal(fields["dialect"], &text) != nil || text == "" {
			return &registry.ConfigError{Field: "dialect", Problem: "is not there or not a text", Cure: "use " + dialects(func(i registry.Info) string { return i.Dialect })}
		}
		dialect, err = expand(text, nil)
		return err
	})
	return dialect, err
}

// each calls do with the connection of that name, and tells in an error where it comes from.
func (f *File) each(name string, do func(json.RawMessage) error) error {
	raw, ok := f.conns[name]
	if !ok {
		return fmt.Errorf("%s: has no connection %q: use %s", f.path, name, strings.Join(f.Names(), ", "))
	}
	if err := do(raw); err != nil {
		return fmt.Errorf("%s: connection %q: %w", f.path, name, err)
	}
	return nil
}

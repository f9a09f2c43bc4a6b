package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/registry"
)

// connection is what an argument names: a config, or why there is none.
type connection struct {
	name string
	cfg  registry.Config
	err  error
}

// isURL tells a URL from the path of a file.
func isURL(arg string) bool {
	scheme, _, found := strings.Cut(arg, ":")
	_, known := registry.Describe(strings.ToLower(scheme))
	return found && (known || strings.Contains(arg, "://"))
}

// connections reads the URL or the config file that arg is. Of a file it takes the given names, or all.
func connections(arg string, names []string) ([]connection, error) {
	if isURL(arg) {
		if len(names) > 0 {
			return nil, usagef("names follow a config file, not a URL")
		}
		cfg, err := registry.ParseURL(arg)
		if err != nil {
			return nil, untried{err}
		}
		return []connection{{configfile.Unnamed, cfg, nil}}, nil
	}
	path, name := splitName(arg)
	if name != "" {
		names = append(slices.Clone(names), name)
	}
	f, err := readConfig(path, "the argument is neither a URL nor the path of a file: write postgres://user@host/database, sqlite:app.db or app.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		names = f.Names()
	}
	var list []connection
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		if !slices.Contains(f.Names(), name) {
			return nil, usagef("%s has no connection of that name: use %s", path, strings.Join(f.Names(), ", "))
		}
		c := connection{name: name}
		c.cfg, c.err = f.Config(name)
		list = append(list, c)
	}
	return list, nil
}

// splitName takes the name of a connection off CONFIG:NAME. What follows the colon of C:\app.yaml is no name.
func splitName(arg string) (path, name string) {
	i := strings.LastIndexByte(arg, ':')
	if i < 0 || strings.ContainsAny(arg[i:], `/\`) {
		return arg, ""
	}
	return arg[:i], arg[i+1:]
}

// readConfig reads a config file. An argument that is no file is not quoted, unless it ends as one: it may be a
// URL with a password. The error then is otherwise.
func readConfig(path, otherwise string) (*configfile.File, error) {
	f, err := configfile.Read(path)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, fs.ErrNotExist) && !slices.Contains(configSuffixes, strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")):
		return nil, usagef("%s", otherwise)
	}
	return nil, untried{err}
}

var configSuffixes = []string{"json", "yaml", "yml"}

package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

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

// connections reads the URL or the config file that arg is. Of a file it takes the given names, or all. A file of SQLite is
// one as well, and with create one that is to be made.
func connections(arg string, names []string, create bool) ([]connection, error) {
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
	if isDatabase(arg) || create && hasSuffix(arg, databaseSuffixes) {
		if len(names) > 0 {
			return nil, usagef("names follow a config file, not a database")
		}
		return []connection{{configfile.Unnamed, registry.Config{Dialect: "sqlite", Filename: arg}, nil}}, nil
	}
	path, name := splitName(arg)
	if name != "" {
		names = append(slices.Clone(names), name)
	}
	otherwise := "the argument is neither a URL nor the path of a file: write postgres://user@host/database, sqlite:app.db, app.db or app.yaml"
	if hasSuffix(arg, databaseSuffixes) {
		otherwise = "the database file does not exist: correct its name, or make it with patchbay query --create"
	}
	f, err := readConfig(path, otherwise)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		names = inOrder(path, f.Names())
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
	case errors.Is(err, fs.ErrNotExist) && !hasSuffix(path, configSuffixes):
		return nil, usagef("%s", otherwise)
	}
	return nil, untried{err}
}

var (
	configSuffixes   = []string{"json", "yaml", "yml"}
	databaseSuffixes = []string{"db", "sqlite", "sqlite3", "db3"}
)

func hasSuffix(path string, suffixes []string) bool {
	return slices.Contains(suffixes, strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), "."))
}

// isDatabase tells a file of SQLite by how it begins, and an empty one, which SQLite takes for an empty database, by its name.
// https://www.sqlite.org/fileformat.html#magic_header_string
func isDatabase(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	const header = "SQLite format 3\x00"
	start := make([]byte, len(header))
	n, _ := io.ReadFull(f, start)
	return string(start) == header || n == 0 && hasSuffix(path, databaseSuffixes) && isRegular(f)
}

func isRegular(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// dialectOf is the dialect that an alias stands for.
func dialectOf(cfg registry.Config) string {
	if info, ok := registry.Describe(strings.ToLower(cfg.Dialect)); ok {
		return info.Dialect
	}
	return cfg.Dialect
}

// inOrder sorts the names of a config as they stand in its file: JSON is YAML as well. Where that cannot be told they stay as
// they are.
func inOrder(path string, names []string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return names
	}
	var file struct {
		Connections yaml.Node `yaml:"connections"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return names
	}
	at := make(map[string]int)
	for i := 0; i+1 < len(file.Connections.Content); i += 2 {
		at[file.Connections.Content[i].Value] = i
	}
	slices.SortStableFunc(names, func(a, b string) int { return at[a] - at[b] })
	return names
}

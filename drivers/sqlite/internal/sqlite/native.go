package sqlite

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

var _ registry.Native = (*dialect)(nil)

func badDSN(problem, cure string) error { return wrong("dsn", problem, cure) }

// ParseDSN reads what modernc.org/sqlite and github.com/mattn/go-sqlite3 open: a file name or a file: URI, with
// parameters. It brings the meaning that it had: what it does not say is as SQLite has it, not as it is here.
func (*dialect) ParseDSN(dsn string) (registry.Config, error) {
	name, query, err := splitDSN(dsn)
	if err != nil {
		return registry.Config{}, err
	}
	r := new(reading)
	r.uri = strings.HasPrefix(dsn, fileScheme)
	values, err := url.ParseQuery(query)
	if err != nil { // it quotes what it could not read
		return registry.Config{}, badDSN("has parameters that cannot be read", "write name=value, joined by &, and a % as %25")
	}
	for i, key := range slices.Sorted(maps.Keys(values)) {
		w, known := wordOf(key)
		if !known {
			return registry.Config{}, badDSN(fmt.Sprintf("has a parameter that is not known, which is number %d in the order of the alphabet", i+1), "correct its name, or leave it out")
		}
		for _, value := range values[key] {
			if err := r.take(w, value); err != nil {
				return registry.Config{}, err
			}
		}
	}
	cfg := registry.Config{Filename: name, Session: r.session, Params: r.params}
	if r.memory {
		cfg.Filename = memoryName
	}
	cfg.Complete(&registry.Config{Params: r.silent(inMemory(cfg.Filename))})
	return cfg, nil
}

const (
	fileScheme = "file:"
	memoryName = ":memory:"
)

// silent are the defaults of SQLite, for the params whose defaults here are others.
func (r *reading) silent(memory bool) map[string]string {
	m := map[string]string{"foreign_keys": "off", "busy_timeout": "0", "txlock": "deferred"}
	if memory {
		return m
	}
	switch {
	case r.params["immutable"] == "on" && r.params["mode"] == "":
		m["mode"] = "ro" // which SQLite has it mean: https://www.sqlite.org/uri.html#uriimmutable
	case r.params["mode"] != "ro":
		m["journal_mode"] = keep
		if strings.EqualFold(r.params["journal_mode"], "wal") {
			m["synchronous"] = "full"
		}
	}
	return m
}

// splitDSN returns the name of a file and the parameters after it.
func splitDSN(dsn string) (name, query string, err error) {
	lower := strings.ToLower(dsn)
	switch {
	case strings.ContainsRune(dsn, 0):
		return "", "", badDSN("contains a NUL character", "remove it")
	case strings.HasPrefix(lower, "sqlite:") || strings.HasPrefix(lower, "sqlite3:"):
		return "", "", badDSN("starts with a dialect", "leave it out, or give it as url")
	case strings.HasPrefix(lower, "libsql:") || strings.Contains(lower, "://") && !strings.HasPrefix(dsn, fileScheme):
		return "", "", badDSN("is the URL of a server", "name a file: libSQL and other servers have no driver here")
	case strings.HasPrefix(dsn, fileScheme):
		return splitURI(dsn[len(fileScheme):])
	}
	if before, after, found := strings.Cut(dsn, "?"); found && before != "" { // both drivers take a name that starts with a "?" as it is
		return before, after, nil
	}
	return dsn, "", nil
}

// splitURI reads what follows "file:", by SQLite's rules: https://www.sqlite.org/uri.html
func splitURI(rest string) (name, query string, err error) {
	if strings.Contains(rest, "#") {
		return "", "", badDSN(`contains a "#"`, "write it as %23")
	}
	rest, query, _ = strings.Cut(rest, "?")
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		host, path, found := strings.Cut(authority, "/")
		if host != "" && host != "localhost" {
			return "", "", badDSN("names a host after file://", "write file:relative/file or file:///absolute/file")
		}
		rest = ""
		if found {
			rest = "/" + path
		}
	}
	name = decode(rest)
	switch {
	case name == "":
		return "", "", badDSN("names no file", "write :memory: for a database in memory")
	case strings.ContainsRune(name, 0): // which ends the name for SQLite
		return "", "", badDSN("contains a NUL character", "remove it")
	case strings.HasPrefix(name, fileScheme):
		name = "./" + name
	}
	return name, query, nil
}

// decode takes a % that no two hexadecimal digits follow as it is, as SQLite does.
func decode(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if plain, err := url.PathUnescape(text[i : i+3]); err == nil {
				b.WriteString(plain)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// Import moves the parameters of modernc.org/sqlite and github.com/mattn/go-sqlite3 from Params to where they belong.
func (*dialect) Import(cfg *registry.Config) error {
	r := &reading{uri: true}
	rest := make(map[string]string)
	for _, name := range sorted(cfg.Params) {
		if w, known := wordOf(name); !known {
			rest[name] = cfg.Params[name]
		} else if err := r.take(w, cfg.Params[name]); err != nil {
			return err
		}
	}
	if r.memory {
		return wrong("mode", "is memory beside the name of a file", "write sqlite::memory: for a database in memory")
	}
	cfg.Params = rest
	cfg.Complete(&registry.Config{Session: r.session, Params: r.params})
	return nil
}

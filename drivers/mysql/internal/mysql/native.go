package mysql

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

var _ registry.Native = (*dialect)(nil)

// Import is that of [registry.Native].
func (*dialect) Import(cfg *registry.Config) error {
	return words.Import(cfg, func(r *network.Reading) error {
		if r.Later["socket"] != "" { // which clients take in place of localhost
			if cfg.Host != "" && cfg.Host != network.DefaultHost && cfg.Host != r.Later["socket"] {
				return wrong("socket", "is given beside a host", "keep one of them")
			}
			cfg.Host, cfg.Port = "", 0
		}
		return finish(r)
	})
}

// ParseDSN reads [user[:password]@][net[(address)]]/database[?name=value&...] as the driver does: the last / ends the
// address, and the last @ before it the password, in which nothing is escaped.
// https://github.com/go-sql-driver/mysql#dsn-data-source-name
func (*dialect) ParseDSN(dsn string) (registry.Config, error) {
	r, err := parse(dsn)
	if err != nil {
		return registry.Config{}, err
	}
	return r.Config, nil
}

func parse(dsn string) (*network.Reading, error) {
	slash := strings.LastIndexByte(dsn, '/')
	switch scheme, _, isURL := strings.Cut(dsn, "://"); {
	case strings.ContainsRune(dsn, 0):
		return nil, badDSN("contains a NUL character", "remove it")
	case isURL && network.IsWord(scheme, "+:.-") && !strings.Contains(scheme, "@"):
		return nil, badDSN("is a URL", "give it as a URL, mysql://user:password@host/database, or write user:password@tcp(host:3306)/database")
	case slash < 0 && dsn != "":
		return nil, badDSN("has no / before the database", "write user:password@tcp(host:3306)/database, with or without a database")
	}
	server, rest := dsn[:max(slash, 0)], dsn[slash+1:]
	database, query, hasQuery := strings.Cut(rest, "?")

	found := make(map[string]string)
	if hasQuery {
		for _, pair := range strings.Split(query, "&") {
			name, value, ok := strings.Cut(pair, "=")
			if !ok || name == "" {
				return nil, badDSN("has a parameter that is not name=value", "write parameters joined by &")
			}
			value, err := url.QueryUnescape(value)
			if err != nil {
				return nil, badDSN("has a % that is not followed by two hexadecimal digits", "write a % in a parameter as %25")
			}
			found[name] = value
		}
	}
	r, err := words.Read(found)
	if err != nil {
		return nil, err
	}
	if at := strings.LastIndexByte(server, '@'); at >= 0 {
		user, password, _ := strings.Cut(server[:at], ":")
		r.User, r.Password, server = user, registry.NewSecret(password), server[at+1:]
	}
	var problem, cure string
	if r.Host, r.Port, problem, cure = parseAddress(server); problem != "" {
		return nil, badDSN(problem, cure)
	}
	if r.Database, err = url.PathUnescape(database); err != nil {
		return nil, badDSN("has a % in the database that is not followed by two hexadecimal digits", "write a % as %25")
	}
	if _, given := r.Params["loc"]; !given {
		// The driver reads times as UTC and leaves the session the zone of the server.
		if err := r.Keep("loc", "UTC"); err != nil {
			return nil, err
		}
	}
	return r, finish(r)
}

func badDSN(problem, cure string) error { return wrong("dsn", problem, cure) }

// parseAddress reads net(address), either of which may be missing.
func parseAddress(text string) (host string, port int, problem, cure string) {
	name, address, hasAddress := strings.Cut(text, "(")
	if hasAddress {
		var closed bool
		if address, closed = strings.CutSuffix(address, ")"); !closed {
			return "", 0, "has no ) before the / of the database", "close the address, and write a / in a parameter as %2F"
		}
	}
	switch name {
	case "", "tcp":
	case "unix":
		if address == "" {
			address = "/tmp/mysql.sock"
		}
		if !strings.HasPrefix(address, "/") {
			return "", 0, "has a socket that is no absolute path", "write unix(/run/mysqld/mysqld.sock)"
		}
		return address, 0, "", ""
	default:
		return "", 0, "names another network than tcp and unix", "write user:password@tcp(host:3306)/database; for a dialer of your own open it with conn.WithDialer, and write a / in a parameter as %2F"
	}
	switch {
	case strings.HasPrefix(address, "/"):
		return "", 0, "has a path as the address of tcp", "write unix(/run/mysqld/mysqld.sock)"
	case strings.Contains(address, ","):
		return "", 0, "names several hosts", "name one, and all of them as hosts"
	case address == "":
		return "127.0.0.1", defaultPort, "", ""
	}
	host, digits, err := net.SplitHostPort(address)
	if err != nil { // no port
		if inner, ok := strings.CutPrefix(address, "["); ok && strings.HasSuffix(inner, "]") {
			address = strings.TrimSuffix(inner, "]")
		}
		return address, 0, "", ""
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return "", 0, "has a port that is not a number from 1 to 65535", "correct it"
	}
	return host, int(n), "", ""
}

package postgres

import (
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
		if r.Later["hostaddr"] != "" && cfg.Host != "" { // which goes there, and verifies the name of the host
			r.Later["host"], cfg.Host = cfg.Host, ""
			if cfg.Port != 0 {
				r.Later["port"], cfg.Port = strconv.Itoa(cfg.Port), 0
			}
		}
		if r.Later["hostaddr"] != "" && len(cfg.Hosts) > 0 {
			return severalAddresses
		}
		err := finish(r)
		if network.IsSocket(cfg) {
			r.TLS = nil // neither libpq nor pgx looks at sslmode there
		}
		return err
	})
}

// ParseDSN reads what pgx reads: a URL, or words as name=value.
func (*dialect) ParseDSN(dsn string) (registry.Config, error) {
	dsn = strings.Trim(dsn, space)
	scheme, rest, isURL := strings.Cut(dsn, "://")
	dialect, _, suffixed := strings.Cut(scheme, "+")
	var found map[string]string
	var err error
	switch {
	case strings.ContainsRune(dsn, 0):
		err = badDSN("contains a NUL character", "remove it")
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		found, err = parseURL(rest)
	case isURL && strings.EqualFold(scheme, "jdbc:postgresql"):
		err = badDSN("is one of JDBC", "leave out the jdbc: before it, and write user and password as user:password@ before the host")
	case isURL && suffixed && (dialect == "postgres" || dialect == "postgresql") && network.IsWord(scheme, "+"):
		err = badDSN("names a driver of another language after the +", "write "+dialect+"://")
	case isURL && network.IsWord(scheme, "+:.-"):
		err = badDSN("is no URL of PostgreSQL", "write postgres://user:password@host/database")
	default:
		found, err = parseWords(dsn)
	}
	if err != nil {
		return registry.Config{}, err
	}
	r, err := words.Read(found)
	if err == nil {
		err = finish(r)
	}
	if err != nil {
		return registry.Config{}, err
	}
	// pgx leaves the time zone to the server.
	if _, given := r.Session["timezone"]; !given {
		_ = r.Set("timezone", serversOwn) // it is not there
	}
	return r.Config, nil
}

func badDSN(problem, cure string) error { return wrong("dsn", problem, cure) }

const space = " \t\n\r\v\f"

// parseWords reads name=value, name = 'va\'lue' ..., of which the last of a name counts.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
func parseWords(text string) (map[string]string, error) {
	found := make(map[string]string)
	for text = strings.TrimLeft(text, space); text != ""; text = strings.TrimLeft(text, space) {
		name, rest, ok := strings.Cut(text, "=")
		name = strings.TrimRight(name, space)
		if !ok || name == "" || strings.ContainsAny(name, space) {
			return nil, badDSN("has a word without = after its name", "write name=value, and a value with spaces in single quotes")
		}
		text = strings.TrimLeft(rest, space)
		quoted := strings.HasPrefix(text, "'")
		text = strings.TrimPrefix(text, "'")
		var value strings.Builder
		closed := false
		for text != "" && !closed {
			c := text[0]
			switch {
			case c == '\\' && len(text) > 1:
				value.WriteByte(text[1])
				text = text[1:]
			case c == '\\': // at the end, which libpq passes over
				closed = !quoted
			case quoted && c == '\'', !quoted && strings.IndexByte(space, c) >= 0:
				closed = true
			default:
				value.WriteByte(c)
			}
			text = text[1:]
		}
		if quoted && !closed {
			return nil, badDSN("has a quote that does not end", `write a ' in a value as \'`)
		}
		add(found, name, value.String())
	}
	return found, nil
}

// add adds a word, of which the later counts, by whatever spelling.
func add(found map[string]string, name, value string) {
	if name == "dbname" {
		name = "database"
	}
	if name == "user" && value == "" {
		return
	}
	found[name] = value
}

// parseURL reads what follows the scheme as libpq does, but for what can be read in two ways.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
func parseURL(text string) (map[string]string, error) {
	if strings.ContainsAny(text, space) {
		return nil, badDSN("contains a space", "write it as %20")
	}
	if strings.Contains(text, "#") {
		return nil, badDSN(`contains a "#"`, "write it as %23")
	}
	text, query, hasQuery := strings.Cut(text, "?")
	authority, path, _ := strings.Cut(text, "/")
	if strings.Count(authority, "@") > 1 || strings.ContainsAny(path, "@/") || strings.ContainsAny(query, "@?") {
		return nil, badDSN("has an @, a / or a ? that may belong to the password", "write in a name or password @ as %40, / as %2F and ? as %3F")
	}
	login, hosts, hasLogin := strings.Cut(authority, "@")
	if !hasLogin {
		login, hosts = "", authority
	}
	user, password, _ := strings.Cut(login, ":")
	names, ports := "", ""
	for _, host := range strings.Split(hosts, ",") {
		name, port := host, ""
		if bracketed, ok := strings.CutPrefix(host, "["); ok {
			var after string
			var closed, hasPort bool
			name, after, closed = strings.Cut(bracketed, "]")
			port, hasPort = strings.CutPrefix(after, ":")
			if !closed || name == "" || !hasPort && after != "" {
				return nil, badDSN("has brackets without an IPv6 address in them", "write [::1]:5432")
			}
		} else if name, port, _ = strings.Cut(host, ":"); strings.Contains(port, ":") {
			return nil, badDSN("has more than one colon after the user", "write an IPv6 address in brackets, and a : in a name or password as %3A")
		}
		names, ports = names+","+name, ports+","+port
	}
	found := make(map[string]string)
	for _, part := range []struct{ name, value string }{
		{"user", user}, {"password", password}, {"host", names[1:]}, {"port", ports[1:]}, {"database", path},
	} {
		value, err := unescape(part.value)
		if err != nil {
			return nil, err
		}
		if value != "" {
			add(found, part.name, value)
		}
	}
	if !hasQuery {
		return found, nil
	}
	for pair := range strings.SplitSeq(strings.TrimSuffix(query, "&"), "&") {
		name, value, ok := strings.Cut(pair, "=")
		if pair == "" {
			continue
		}
		if !ok || name == "" || strings.Contains(value, "=") {
			return nil, badDSN("has a parameter that is not name=value", "write parameters joined by &, and an = in a value as %3D")
		}
		name, err := unescape(name)
		if err != nil {
			return nil, err
		}
		if value, err = unescape(value); err != nil {
			return nil, err
		}
		add(found, name, value)
	}
	return found, nil
}

func unescape(text string) (string, error) {
	plain, err := url.PathUnescape(text)
	if err != nil || strings.ContainsRune(plain, 0) {
		return "", badDSN("has a % that is not followed by two hexadecimal digits of a character", "write a % as %25")
	}
	return plain, nil
}

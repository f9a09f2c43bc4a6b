package registry

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/patchbay-go/patchbay/internal/percent"
)

// ParseURL reads a Config from a URL such as
//
//	postgres://user:password@host:5432/database?pool.max=20&ssl=true&connectTimeout=5s
//	mysql://user@[::1]/database?appName=billing
//	postgres://user@/database?host=/var/run/postgresql
//	sqlite:relative/file.db    sqlite:/absolute/file.db    sqlite:///absolute/file.db    sqlite::memory:
//
// The scheme is the dialect. The parameters are the keys of the JSON form, with a dot for those inside pool and
// ssl (ssl=true and ssl=false as well); all others become Params. Every part is percent-decoded, and "+" is a
// plus. A URL that can be read in two ways, such as one with an unescaped "@" or "/" in the password, is an
// error rather than a guess. The error is a [*ConfigError]; it repeats no part of the URL that could belong to
// a password.
func ParseURL(text string) (Config, error) {
	var c Config
	if err := c.parse(text); err != nil {
		return Config{}, err
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func badURL(problem, cure string) error { return &ConfigError{"url", problem, cure} }

func (c *Config) parse(text string) error {
	scheme, rest, found := strings.Cut(text, ":")
	if !found || !validName(strings.ToLower(scheme)) {
		return badURL("does not start with a dialect", "write it as postgres://host/database or sqlite:file")
	}
	c.Dialect = strings.ToLower(scheme)
	info := describe(c.Dialect)
	if strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return badURL("contains a space or control character", "write it percent-encoded, a space as %20")
	}
	if strings.Contains(rest, "#") {
		return badURL(`contains a "#"`, "write it as %23")
	}
	rest, query, hasQuery := strings.Cut(rest, "?")
	if strings.Contains(query, "?") {
		return badURL(`contains a second "?"`, "write the one that is no separator as %3F")
	}
	var err error
	files := info != nil && info.Port == 0
	authority, isServer := strings.CutPrefix(rest, "//")
	switch {
	case !isServer && info != nil && !files:
		return badURL("has no // after the dialect", "write "+c.Dialect+"://host/database")
	case !isServer:
		c.Filename, err = unescape(rest)
	case files:
		if authority != "" && !strings.HasPrefix(authority, "/") {
			return badURL("names a host, but "+c.Dialect+" opens files", "write "+c.Dialect+":relative/file or "+c.Dialect+":///absolute/file")
		}
		c.Filename, err = unescape(authority)
	default:
		err = c.parseServer(authority, query)
	}
	if err != nil || !hasQuery {
		return err
	}
	return c.parseQuery(query)
}

// parseServer reads user:password@host:port/database.
func (c *Config) parseServer(rest, query string) error {
	authority, path, _ := strings.Cut(rest, "/")
	if strings.Count(authority, "@") > 1 || strings.Contains(path, "@") || strings.Contains(query, "@") {
		return badURL(`contains an "@" that may belong to the password or follow it`, "write every @ that is not the one before the host as %40, and a / or ? in a password as %2F or %3F")
	}
	if strings.Contains(path, "/") {
		return badURL(`contains a "/" after the database`, "write a / in a name or password as %2F")
	}
	login, host, hasLogin := strings.Cut(authority, "@")
	if !hasLogin {
		login, host = "", authority
	}
	var err error
	user, password, _ := strings.Cut(login, ":")
	if c.User, err = unescape(user); err != nil {
		return err
	}
	if password, err = unescape(password); err != nil {
		return err
	}
	if password == redacted {
		return badURL("has the password "+redacted, "it was printed by a program; put the real one")
	}
	c.Password = NewSecret(password)
	if c.Database, err = unescape(path); err != nil {
		return err
	}
	return c.parseHost(host)
}

func (c *Config) parseHost(host string) error {
	port, hasPort := "", false
	if bracketed, ok := strings.CutPrefix(host, "["); ok {
		address, rest, closed := strings.Cut(bracketed, "]")
		address, err := unescape(address)
		if err != nil {
			return err
		}
		if !closed || !isIPv6(address) {
			return badURL("has brackets without an IPv6 address in them", "write [::1] or leave the brackets out")
		}
		if port, hasPort = strings.CutPrefix(rest, ":"); !hasPort && rest != "" {
			return badURL("continues after the brackets of the host", "write [::1]:5432")
		}
		c.Host = address
	} else {
		host, port, hasPort = strings.Cut(host, ":")
		if strings.Contains(port, ":") {
			return badURL("has more than one colon after the user", "write an IPv6 address in brackets, and a : in a user name as %3A")
		}
		name, err := unescape(host)
		if err != nil {
			return err
		}
		c.Host = name
	}
	if !hasPort {
		return nil
	}
	digits := consistsOf(port, "0123456789")
	if f, _ := c.fieldToSet("port"); !digits || f.set(port) != nil || c.Port == 0 {
		return badURL("has a port that is not a number from 1 to 65535", "correct it, or escape the : before it as %3A")
	}
	return nil
}

// elsewhere holds the parameters by which the drivers' own URLs ask for what ssl says in every dialect, and
// what to write for them.
var elsewhere = [...]struct{ name, cure string }{
	{"sslmode", "write ssl=true for verify-full, ssl.rejectUnauthorized=false for require, ssl=false for disable"},
	{"tls", "write ssl=true, or ssl.rejectUnauthorized=false for skip-verify"},
	{"encrypt", "write ssl=true or ssl=false"},
	{"TrustServerCertificate", "write ssl.rejectUnauthorized=false"},
	{"password", "write it before the host, as user:password@host"},
}

func (c *Config) parseQuery(query string) error {
	seen := make(map[string]bool)
	ssl := ""
	for pair := range strings.SplitSeq(query, "&") {
		rawName, rawValue, found := strings.Cut(pair, "=")
		name, err := unescape(rawName)
		if err != nil {
			return err
		}
		value, err := unescape(rawValue)
		if err != nil {
			return err
		}
		if !found || name == "" {
			return badURL("has a parameter without a name or value", "write name=value, joined by &")
		}
		for i := range elsewhere {
			if elsewhere[i].name == name {
				return &ConfigError{name, "is not a parameter here", elsewhere[i].cure}
			}
		}
		f, isField := c.fieldToSet(name)
		switch {
		case seen[name]:
			return &ConfigError{name, "is given twice", "keep one of them"}
		case name == "ssl":
			ssl = value
		case isField:
			if err := f.setOnce(value); err != nil {
				return err
			}
		case strings.HasPrefix(name, "pool.") || strings.HasPrefix(name, "ssl."):
			return unknownJSONKey(name)
		default:
			if c.Params == nil {
				c.Params = make(map[string]string)
			}
			c.Params[name] = value
		}
		seen[name] = true
	}
	switch {
	case !seen["ssl"]:
	case ssl == "true":
		c.tls()
	case ssl != "false":
		return &ConfigError{"ssl", "cannot have this value", "write true or false"}
	case c.TLS != nil:
		return &ConfigError{"ssl", "contradicts the parameters that start with ssl.", "write ssl=true or leave it out"}
	}
	return nil
}

// setOnce sets a field that the part before the query has not set.
func (f field) setOnce(value string) error {
	switch p := f.at.(type) {
	case *string:
		if *p != "" {
			return &ConfigError{f.name, "is given both as a parameter and before the ?", "keep one of them"}
		}
	case *int:
		if *p != 0 {
			return &ConfigError{f.name, "is given both as a parameter and before the ?", "keep one of them"}
		}
	}
	if err := f.set(value); err != nil {
		return &ConfigError{f.name, "cannot have this value", err.Error()}
	}
	return nil
}

func unescape(text string) (string, error) {
	plain, err := url.PathUnescape(text)
	if err != nil { // it quotes what it could not read
		return "", badURL("has a % that is not followed by two hexadecimal digits", "write a % as %25")
	}
	return plain, nil
}

// String returns the config as a URL that ParseURL reads, except that secrets show as [redacted], which it
// does not.
func (c Config) String() string { return c.url() }

// url is not inlined into String and Format, nor into what the compiler makes of them for pointers.
//
//go:noinline
func (c *Config) url() string {
	s := c.Dialect
	inPath := " dialect password "
	if c.isFile() {
		name := c.Filename
		inPath += "filename "
		if name == "" {
			name = c.Database
			inPath += "database "
		}
		path := percent.Encode(name, "/:@")
		if strings.HasPrefix(path, "//") { // which would start a host
			path = "/%2F" + path[2:]
		}
		s += ":" + path
	} else {
		inPath += "user host port database "
		s += "://" + c.authority()
		if c.Database != "" {
			s += "/" + percent.Encode(c.Database, "")
		}
	}
	plainTLS := c.TLS != nil
	for _, f := range c.fields() {
		value := f.value()
		if value == nil {
			continue
		}
		plainTLS = plainTLS && !strings.HasPrefix(f.name, "ssl.")
		if !strings.Contains(inPath, " "+f.name+" ") {
			s = addParam(s, f.name, fmt.Sprint(value))
		}
	}
	if plainTLS {
		s = addParam(s, "ssl", "true")
	}
	for _, name := range sortedKeys(c.Params) {
		s = addParam(s, name, shownParam(name, c.Params[name]))
	}
	return s
}

func addParam(url, name, value string) string {
	if value != redacted {
		value = percent.Encode(value, "/:")
	}
	separator := "&"
	if !strings.Contains(url, "?") { // those of the path are encoded
		separator = "?"
	}
	return url + separator + percent.Encode(name, "") + "=" + value
}

// Format writes String for every verb: %+v and %#v would show a secret that was put into Params by mistake.
func (c Config) Format(f fmt.State, verb rune) {
	// The state only fails when its writer does, and fmt has no way to say so.
	_, _ = f.Write([]byte(c.url()))
}

// isFile reports whether the part before the query is a file name.
func (c *Config) isFile() bool {
	info := describe(c.Dialect)
	files := info != nil && info.Port == 0 || info == nil && c.Filename != ""
	return files && c.Host == "" && c.Port == 0 && c.User == "" && c.Password.IsZero()
}

func (c *Config) authority() string {
	s := percent.Encode(c.User, "")
	if !c.Password.IsZero() {
		s += ":" + redacted
	}
	if s != "" {
		s += "@"
	}
	if strings.Contains(c.Host, ":") {
		s += "[" + percent.Encode(c.Host, ":") + "]"
	} else {
		s += percent.Encode(c.Host, "")
	}
	if c.Port != 0 {
		s += fmt.Sprint(":", c.Port)
	}
	return s
}

package registry

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ParseURL reads a Config from a URL such as
//
//	postgres://user:password@host:5432/database?pool.max=20&ssl=true&connectTimeout=5s
//	mysql://user@[::1]/database?appName=billing
//	postgres://user@/database?host=/var/run/postgresql
//	postgres://user:password@a,b:5433,[::1]:5434/database?hostOrder=random&role=writer
//	sqlite:relative/file.db    sqlite:/absolute/file.db    sqlite:///absolute/file.db    sqlite::memory:
//	mssql://user:password@host/database    sqlserver://user:password@host/instance?database=name
//
// The scheme is the dialect. The parameters are the keys of the JSON form, with a dot for those inside pool, readers and
// ssl (readers=true, ssl=true and ssl=false as well), and commas in a list; all others become Params. Every part is percent-decoded, and "+" is a
// plus. A URL that can be read in two ways, such as one with an unescaped "@" or "/" in the password, is an
// error rather than a guess. The error is a [*ConfigError]; it repeats no part of the URL that could belong to
// a password.
//
// Where the driver is linked, the parameters of its own connection strings are taken, too, such as sslmode for
// PostgreSQL and parseTime for MySQL, and mean what they mean there; without it they stay in Params until the database
// is opened. A dialect that does not come with Patchbay is looked up in the default registry.
func ParseURL(text string) (Config, error) { return std.ParseURL(text) }

// ParseURL is the function [ParseURL] for the dialects of this registry.
func (r *Registry) ParseURL(text string) (Config, error) {
	var c Config
	err := c.parse(text, r)
	if e := r.find(c.Dialect); err == nil && e != nil {
		if native, ok := e.driver.(Native); ok {
			err = native.Import(&c)
		}
	}
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

func badURL(problem, cure string) error { return NewConfigError("url", problem, cure) }

func (c *Config) parse(text string, r *Registry) error {
	scheme, rest, _ := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	if problem, cure := r.strange(text, scheme, rest); problem != "" {
		return badURL(problem, cure)
	}
	c.Dialect = scheme
	info := r.describe(scheme)
	known := info != nil
	rest, query, _ := strings.Cut(rest, "?")
	var err error
	authority, isServer := strings.CutPrefix(rest, "//")
	switch {
	case known && info.Files:
		c.Filename, err = c.parseFile(rest)
	case !known && foreign[scheme] != "":
		return badURL(fmt.Sprintf("starts with %q, which is no dialect", scheme), foreign[scheme])
	case !isServer && known:
		return badURL("has no // after the dialect", "write "+scheme+"://host/database")
	case !isServer && strings.Contains(rest, "@"):
		return badURL("does not start with a dialect that is known here", "write it as postgres://user:password@host/database")
	case !isServer:
		c.Filename, err = c.parseFile(rest)
	default:
		err = c.parseServer(authority, query)
	}
	if err != nil {
		return err
	}
	path := ""
	if known && info.Dialect == instancesIn {
		path, c.Database = c.Database, ""
	}
	if query != "" {
		if err := c.parseQuery(query); err != nil {
			return err
		}
	}
	return c.readPath(path)
}

// strange says what no URL of ours is like.
func (r *Registry) strange(text, scheme, rest string) (problem, cure string) {
	before, _, suffixed := strings.Cut(scheme, "+")
	switch {
	case inQuotes(text):
		return "is in quotes", "leave them out"
	case !strings.Contains(text, ":") || !validName(scheme):
		return "does not start with a dialect", "write it as postgres://host/database or sqlite:file"
	case strings.Contains(rest, "@tcp(") || strings.Contains(rest, "@unix("):
		return "is a DSN of go-sql-driver/mysql", "write it as mysql://user:password@host/database"
	case suffixed && r.describe(before) != nil:
		return "names a driver of another language after the +", "write " + before + ":// in place of " + scheme + "://"
	case scheme == "jdbc" && strings.HasPrefix(rest, "sqlserver:"):
		return "is one of JDBC", "write what follows jdbc: as mssql://user:password@host:port/database"
	case scheme == "jdbc":
		return "is one of JDBC", "leave out the jdbc: before it, and write user and password before the host"
	case strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "contains a space or control character", "write it percent-encoded, a space as %20"
	case strings.Contains(rest, "#"):
		return `contains a "#"`, "write it as %23"
	case strings.Count(rest, "?") > 1:
		return `contains a second "?"`, "escape a literal \"?\" as %3F"
	}
	return "", ""
}

// foreign are the schemes of URLs that other programs put into an environment variable, and what to write for them.
var foreign = map[string]string{
	"file":   "write sqlite: in place of file:, or give it as dsn with the dialect sqlite",
	"libsql": "libSQL is no file of SQLite, and has no driver here: write sqlite:file for a file",
}

// instancesIn is the dialect in whose own URLs the path is an instance of the server, and the database a parameter.
// Many write the database as the path, as in all other URLs.
// https://github.com/microsoft/go-mssqldb#the-connection-string-can-be-specified-in-one-of-three-formats
const instancesIn = "mssql"

// readPath gives the path of such a URL its meaning.
func (c *Config) readPath(path string) error {
	switch {
	case path == "":
	case c.Database != "" && c.Params["instance"] != "":
		return NewConfigError("instance", "is given both as a parameter and before the ?", "keep one of them")
	case c.Database != "":
		c.setNamed("instance", path)
	case pathIsInstance(c.Dialect):
		return badURL("has a path, which is an instance to go-mssqldb, and a database to others",
			"write sqlserver://host?database=name for a database, sqlserver://host/instance?database=name for one in an instance")
	default:
		c.Database = path
	}
	return nil
}

// pathIsInstance tells the scheme of go-mssqldb from names of the dialect that are only used here.
func pathIsInstance(scheme string) bool { return scheme == "sqlserver" }

// inQuotes tells a text that still has the quotes of a shell or a file around it.
func inQuotes(text string) bool {
	return len(text) > 1 && text[0] == text[len(text)-1] && strings.ContainsRune("\"'`", rune(text[0]))
}

// spelled returns the dialect for an error. A word that is none may be the user of a connection string.
func (c *Config) spelled() string {
	if _, known := Describe(c.Dialect); known {
		return c.Dialect
	}
	return "dialect"
}

// parseFile reads what follows the dialect: file, /file, ///file, or :memory: after any number of slashes.
func (c *Config) parseFile(rest string) (string, error) {
	path, isURL := strings.CutPrefix(rest, "//")
	switch {
	case strings.TrimLeft(rest, "/") == ":memory:": // as several frameworks write it
		return ":memory:", nil
	case isURL && path != "" && !strings.HasPrefix(path, "/"):
		return "", badURL("names a host, but "+c.spelled()+" opens files", "write "+c.spelled()+":relative/file or "+c.spelled()+":///absolute/file")
	case path == "":
		return "", badURL("names no file", "write "+c.spelled()+":file, or "+c.spelled()+"::memory: for a database in memory")
	case strings.HasPrefix(path, "/./") || strings.HasPrefix(path, "/../"):
		return "", badURL("has a path from the root that looks relative", "write "+c.spelled()+":./file for a file in the working directory")
	}
	return unescape(path)
}

// describe returns what is known of a dialect, which is registered here or comes with Patchbay.
func (r *Registry) describe(name string) *Info {
	if e := r.find(name); e != nil {
		return &e.info
	}
	return describe(name)
}

// parseServer reads user:password@host:port/database.
func (c *Config) parseServer(rest, query string) error {
	authority, path, _ := strings.Cut(rest, "/")
	if strings.Count(authority, "@") > 1 || strings.Contains(path, "@") || strings.Contains(query, "@") {
		return badURL(`contains an "@" that may belong to the password or follow it`, "write every @ that is not the one before the host as %40, and a / or ? in a password as %2F or %3F")
	}
	path = strings.TrimSuffix(path, "/") // which some programs add
	if strings.Contains(authority[strings.Index(authority, "@")+1:]+path, ";") {
		return badURL(`contains a ";", as the connection strings of SQL Server do`, "write the settings after a ?, joined by &, and a ; in a name as %3B")
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
	if strings.Contains(host, ",") {
		return c.parseHosts(host)
	}
	return c.parseHost(host)
}

// parseHosts reads several hosts, each of which may have a port of its own.
func (c *Config) parseHosts(list string) error {
	for _, text := range strings.Split(list, ",") {
		var one Config
		if err := one.parseHost(text); err != nil {
			return err
		}
		if isPath(one.Host) && one.Port != 0 {
			return badURL("has a port after a unix socket in a list of hosts", "write it as port=, for all of them, or the path of the socket's file")
		}
		c.Hosts = append(c.Hosts, JoinHostPort(one.Host, one.Port))
	}
	return nil
}

func (c *Config) parseHost(host string) error {
	port, hasPort := "", false
	if bracketed, ok := strings.CutPrefix(host, "["); ok {
		address, rest, closed := strings.Cut(bracketed, "]")
		address, err := unescape(address)
		if err != nil {
			return err
		}
		if ip, err := netip.ParseAddr(address); !closed || err != nil || !ip.Is6() {
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
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return badURL("has a port that is not a number from 1 to 65535", "correct it, or escape the : before it as %3A")
	}
	c.Port = int(n)
	return nil
}

func unescape(text string) (string, error) {
	plain, err := url.PathUnescape(text)
	if err != nil { // it quotes what it could not read
		return "", badURL("has a % that is not followed by two hexadecimal digits", "write a % as %25")
	}
	return plain, nil
}

package registry

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
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
	if err := c.parse(text, r); err != nil {
		return Config{}, err
	}
	if e, ok := r.find(c.Dialect); ok {
		if native, ok := e.driver.(Native); ok {
			if err := native.Import(&c); err != nil {
				return Config{}, err
			}
		}
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func badURL(problem, cure string) error { return &ConfigError{"url", problem, cure} }

func (c *Config) parse(text string, r *Registry) error {
	if inQuotes(text) {
		return badURL("is in quotes", "leave them out")
	}
	scheme, rest, found := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	if !found || !validName(scheme) {
		return badURL("does not start with a dialect", "write it as postgres://host/database or sqlite:file")
	}
	if strings.Contains(rest, "@tcp(") || strings.Contains(rest, "@unix(") {
		return badURL("is a DSN of go-sql-driver/mysql", "write it as mysql://user:password@host/database")
	}
	if before, _, suffixed := strings.Cut(scheme, "+"); suffixed {
		if _, known := r.describe(before); known {
			return badURL("names a driver of another language after the +", "write "+before+":// in place of "+scheme+"://")
		}
	}
	if scheme == "jdbc" {
		cure := "leave out the jdbc: before it, and write user and password before the host"
		if strings.HasPrefix(rest, "sqlserver:") {
			cure = "write what follows jdbc: as mssql://user:password@host:port/database"
		}
		return badURL("is one of JDBC", cure)
	}
	c.Dialect = scheme
	info, known := r.describe(scheme)
	if strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return badURL("contains a space or control character", "write it percent-encoded, a space as %20")
	}
	if strings.Contains(rest, "#") {
		return badURL(`contains a "#"`, "write it as %23")
	}
	rest, query, _ := strings.Cut(rest, "?")
	if strings.Contains(query, "?") {
		return badURL(`contains a second "?"`, "escape a literal \"?\" as %3F")
	}
	var err error
	authority, isServer := strings.CutPrefix(rest, "//")
	switch {
	case info.Files:
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
	if info.Dialect == instancesIn {
		path, c.Database = c.Database, ""
	}
	if query != "" {
		if err := c.parseQuery(query); err != nil {
			return err
		}
	}
	return c.readPath(path)
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
		return &ConfigError{"instance", "is given both as a parameter and before the ?", "keep one of them"}
	case c.Database != "":
		all := c.maps()
		all[len(all)-1].set("instance", path)
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

// parseFile reads what follows the dialect: file, /file, ///file, or :memory: after any number of slashes.
func (c *Config) parseFile(rest string) (string, error) {
	path, isURL := strings.CutPrefix(rest, "//")
	switch {
	case strings.TrimLeft(rest, "/") == ":memory:": // as several frameworks write it
		return ":memory:", nil
	case isURL && path != "" && !strings.HasPrefix(path, "/"):
		return "", badURL("names a host, but "+c.Dialect+" opens files", "write "+c.Dialect+":relative/file or "+c.Dialect+":///absolute/file")
	case path == "":
		return "", badURL("names no file", "write "+c.Dialect+":file, or "+c.Dialect+"::memory: for a database in memory")
	case strings.HasPrefix(path, "/./") || strings.HasPrefix(path, "/../"):
		return "", badURL("has a path from the root that looks relative", "write "+c.Dialect+":./file for a file in the working directory")
	}
	return unescape(path)
}

// describe returns what is known of a dialect, which is registered here or comes with Patchbay.
func (r *Registry) describe(name string) (Info, bool) {
	if e, ok := r.find(name); ok {
		return e.info, true
	}
	return Describe(name)
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
	for text := range strings.SplitSeq(list, ",") {
		var one Config
		if err := one.parseHost(text); err != nil {
			return err
		}
		host := one.Host
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		if one.Port != 0 {
			host += ":" + strconv.Itoa(one.Port)
		}
		c.Hosts = append(c.Hosts, host)
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

// repeated is the parameter of modernc.org/sqlite that stands once for each PRAGMA; Params have it once, with semicolons.
const repeated = "_pragma"

func (c *Config) parseQuery(query string) error {
	seen := make(map[string]bool)
	switches := make(map[string]untyped)
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
		if name == "password" {
			return &ConfigError{name, "is not a parameter here", "write it before the host, as user:password@host"}
		}
		f, isField := c.fieldToSet(name)
		own := strings.TrimPrefix(name, inReaders)
		switch {
		case seen[name] && name == repeated:
			c.setNamed(name, c.Params[name]+";"+value)
		case seen[name]:
			return &ConfigError{name, "is given twice", "keep one of them"}
		case name == "ssl" || name == "readers" || name == inReaders+"ssl":
			switches[name] = untyped(value)
		case isField:
			if err := f.setOnce(value); err != nil {
				return err
			}
		case strings.HasPrefix(own, "pool.") || strings.HasPrefix(own, "ssl.") || strings.HasPrefix(own, "retry."):
			return unknownField(name)
		default:
			if value == redacted {
				return &ConfigError{name, errRedacted.Error(), ""}
			}
			c.setNamed(name, value)
		}
		seen[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(switches)) {
		if err := c.setSwitch(name, switches[name]); err != nil {
			return err
		}
	}
	return nil
}

// setSwitch sets what is there with its fields, or without one where the parameter of its own name says so.
func (c *Config) setSwitch(name string, value untyped) error {
	on, err := boolOf(value)
	there := c.TLS != nil
	if name == "readers" {
		there = c.Readers != nil
	}
	switch {
	case err != nil:
		return &ConfigError{name, err.Error(), ""}
	case strings.HasPrefix(name, inReaders):
		return named(inReaders, c.readers().setSwitch("ssl", value))
	case on && name == "readers":
		c.readers()
	case on:
		c.tls()
	case there:
		return &ConfigError{name, "contradicts the parameters that start with " + name + ".", "write " + name + "=true or leave it out"}
	}
	return nil
}

// setNamed puts a parameter that is no field into the map that its prefix names, or into Params.
func (c *Config) setNamed(name, value string) {
	if inner, ok := strings.CutPrefix(name, inReaders); ok && inner != "" {
		c.readers().setNamed(inner, value)
		return
	}
	all := c.maps()
	into := all[len(all)-1]
	for _, m := range all[:len(all)-1] {
		if key, ok := strings.CutPrefix(name, m.name+"."); ok && key != "" {
			into, name = m, key
		}
	}
	into.set(name, value)
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
	case *[]string:
		if len(*p) > 0 {
			return &ConfigError{f.name, "is given both as a parameter and before the ?", "keep one of them"}
		}
	}
	if err := f.set(untyped(value)); err != nil {
		return &ConfigError{f.name, err.Error(), ""}
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
func (c Config) String() string {
	c.hideMisplaced()
	var b strings.Builder
	b.WriteString(c.Dialect)
	var inPath []string // the fields that are not among the parameters
	if c.isFile() {
		inPath = []string{"dialect", "password", "filename"}
		name := c.Filename
		if name == "" {
			name, inPath = c.Database, append(inPath, "database")
		}
		path := escape(name, "/:")
		if rest, ok := strings.CutPrefix(path, "//"); ok { // which would start a host
			path = "/%2F" + rest
		} else if strings.HasPrefix(path, "/./") || strings.HasPrefix(path, "/../") { // which would look relative
			path = "/%2E" + path[2:]
		}
		b.WriteString(":" + path)
	} else {
		inPath = []string{"dialect", "password", "user", "host"}
		if len(c.Hosts) == 0 {
			inPath = append(inPath, "port")
		} else if c.hostsInPath() {
			inPath = append(inPath, "hosts")
		}
		b.WriteString("://" + c.authority())
		if !pathIsInstance(c.Dialect) {
			inPath = append(inPath, "database")
		}
		if c.Database != "" && !pathIsInstance(c.Dialect) {
			b.WriteString("/" + escape(c.Database, ""))
		}
	}
	separator := "?"
	c.writeParams(inPath, func(name, value string) {
		b.WriteString(separator + escape(name, "") + "=" + value)
		separator = "&"
	})
	return b.String()
}

// hideMisplaced redacts texts that hold a secret where none belongs, in a copy of a config.
func (c *Config) hideMisplaced() {
	for _, f := range c.fields() {
		if p, ok := f.at.(*string); ok && !strings.HasPrefix(f.name, "ssl.") && showsSecret(*p) {
			*p = redacted
		}
	}
	c.Hosts = shownTexts(c.Hosts)
}

// writeParams calls add for all that is set in c but the fields in inPath, with the values escaped.
func (c Config) writeParams(inPath []string, add func(name, value string)) {
	plainTLS := c.TLS != nil
	for _, f := range c.fields() {
		value := f.value()
		if value == nil {
			continue
		}
		plainTLS = plainTLS && !strings.HasPrefix(f.name, "ssl.")
		if !slices.Contains(inPath, f.name) {
			text := escape(fmt.Sprint(value), "/:")
			switch list := value.(type) {
			case []Kind:
				text = escape(joinKinds(list), "/:")
			case []string:
				text = escape(strings.Join(list, ","), "/:,[]")
			}
			add(f.name, text)
		}
	}
	if plainTLS {
		add("ssl", "true")
	}
	for _, m := range c.maps() {
		prefix := m.name + "."
		if m.name == "params" {
			prefix = ""
		}
		for _, name := range slices.Sorted(maps.Keys(*m.at)) {
			add(prefix+name, escape(shownParam(name, (*m.at)[name]), "/:"))
		}
	}
	if c.Readers == nil {
		return
	}
	readers := *c.Readers
	readers.hideMisplaced()
	empty := true
	readers.writeParams(nil, func(name, value string) {
		add(inReaders+name, value)
		empty = false
	})
	if empty {
		add("readers", "true")
	}
}

func joinKinds(kinds []Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.String())
	}
	return strings.Join(names, ",")
}

// escape writes text for a URL in which a space is %20 and "+" a plus. The characters in keep stay as they are.
func escape(text, keep string) string {
	if text == redacted {
		return text
	}
	text = strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	for _, c := range keep {
		text = strings.ReplaceAll(text, fmt.Sprintf("%%%02X", c), string(c))
	}
	return text
}

// Format writes String for every verb: %+v and %#v would show a secret that was put into Params by mistake.
func (c Config) Format(f fmt.State, verb rune) {
	// The state only fails when its writer does, and fmt has no way to say so.
	_, _ = f.Write([]byte(c.String()))
}

// isFile reports whether the part before the query is a file name.
func (c Config) isFile() bool {
	info, known := std.describe(c.Dialect)
	files := info.Files || !known && c.Filename != ""
	return files && c.Host == "" && len(c.Hosts) == 0 && c.Port == 0 && c.User == "" && c.Password.IsZero()
}

func (c Config) authority() string {
	s := escape(c.User, "")
	if !c.Password.IsZero() {
		s += ":" + redacted
	}
	if s != "" {
		s += "@"
	}
	if len(c.Hosts) > 0 {
		if c.hostsInPath() {
			for i, host := range c.Hosts {
				if i > 0 {
					s += ","
				}
				s += escape(host, ":[]")
			}
		}
		return s
	}
	if strings.Contains(c.Host, ":") {
		s += "[" + escape(c.Host, ":") + "]"
	} else {
		s += escape(c.Host, "")
	}
	if c.Port != 0 {
		s += ":" + strconv.Itoa(c.Port)
	}
	return s
}

// hostsInPath reports whether Hosts are read as they are where they stand before the path of a URL.
func (c Config) hostsInPath() bool {
	if c.Host != "" || len(c.Hosts) < 2 {
		return false
	}
	for _, host := range c.Hosts {
		var read Config
		if host == "" || read.parseHosts(escape(host, ":[]")) != nil || read.Hosts[0] != host {
			return false
		}
	}
	return true
}

package registry

import (
	"maps"
	"slices"
	"time"
)

// Config says which database to open and how. It is the same for every dialect; a field that a dialect has
// no use for is an error there, never ignored. A zero value means the default that is given with the field.
//
// A Config can be printed, logged and encoded: its secrets show as [redacted]. It is a plain value; code that
// shares one between goroutines must not write to it or to what TLS and Params point at.
type Config struct {
	Dialect  string // "postgres", "mysql", "sqlite", "mssql", an alias of these, or anyone's own
	Host     string // a name, an IP address, or an absolute path: a unix socket; default localhost
	Port     int    // default: that of the dialect
	User     string
	Password Secret
	Database string
	Filename string // the database file of SQLite; Database serves when it is empty
	Pool     Pool
	TLS      *TLS // nil: no encryption; &TLS{}: encrypted, certificate and host name verified

	// ConnectTimeout bounds each physical connection from dialing to login, whatever the caller's context
	// says. Default 10 s; negative: no limit.
	ConnectTimeout time.Duration

	AppName string            // what the server's list of connections shows; default: the name of the program
	Params  map[string]string // settings of the dialect, listed in its package; an unknown one is an error
}

// Pool bounds the connections that one open database keeps. For every field 0 means the default, and a negative
// value means none or unlimited. Package database/sql differs: there 0 is unlimited.
type Pool struct {
	// Min is how many connections are kept open, in use or not. They are opened with the database and replaced when
	// they die. It must not be more than Max. Default: none.
	Min int

	// Max is how many connections may be open at a time; further callers wait for one. Default 10; negative:
	// unlimited.
	Max int

	// MaxLifetime is the age at which a connection is replaced, once it is idle. Default: unlimited.
	MaxLifetime time.Duration

	// MaxIdleTime is how long a connection beyond Min may be unused before it is closed. Default 5 min; negative:
	// unlimited.
	MaxIdleTime time.Duration
}

// Defaults of [Config] and [Pool].
const (
	DefaultConnectTimeout = 10 * time.Second
	DefaultPoolMax        = 10
	DefaultMaxIdleTime    = 5 * time.Minute
)

// TLS asks for an encrypted connection. Its zero value verifies the server's certificate against the
// system's roots and its name against Host; there is no fallback to plaintext. It means the same in every
// dialect.
type TLS struct {
	// SkipVerify encrypts and verifies nothing: any server is believed. A CA beside it is an error.
	SkipVerify bool

	// SkipHostname verifies that the certificate comes from CA, and not the name in it, for certificates that have
	// none or another, as some managed databases have. It needs a CA of one's own: with the system's roots, a
	// certificate for any name in the world would do. It is verify-ca of libpq.
	SkipHostname bool

	CA         string // PEM text of the only roots to trust; default: those of the system
	Cert       string // PEM text of a client certificate; needs Key
	Key        Secret // PEM text of its private key; needs Cert
	ServerName string // the name to verify in place of Host
}

// Equal reports whether both configs say the same. It allocates nothing.
func (c Config) Equal(other Config) bool {
	return c.Port == other.Port && c.Pool == other.Pool && c.ConnectTimeout == other.ConnectTimeout &&
		c.Dialect == other.Dialect && c.Host == other.Host && c.User == other.User &&
		c.Database == other.Database && c.Filename == other.Filename && c.AppName == other.AppName &&
		c.Password.Equal(other.Password) &&
		(c.TLS == other.TLS || c.TLS.equal(other.TLS)) &&
		len(c.Params) == len(other.Params) && (len(c.Params) == 0 || maps.Equal(c.Params, other.Params))
}

func (t *TLS) equal(other *TLS) bool {
	if t == nil || other == nil {
		return false
	}
	return t.SkipVerify == other.SkipVerify && t.SkipHostname == other.SkipHostname && t.CA == other.CA && t.Cert == other.Cert &&
		t.Key.Equal(other.Key) && t.ServerName == other.ServerName
}

// Clone returns a copy that shares nothing with c.
func (c Config) Clone() Config {
	c.Params = maps.Clone(c.Params)
	if c.TLS != nil {
		t := *c.TLS
		c.TLS = &t
	}
	return c
}

// Diff names the fields in which the configs differ, as a [ConfigError] does, and shows no value. For equal
// configs it returns nil.
func (c Config) Diff(other Config) []string {
	var names []string
	if (c.TLS == nil) != (other.TLS == nil) {
		names = append(names, "ssl")
		c.TLS, other.TLS = nil, nil
	}
	fields := other.fields()
	for i, f := range c.fields() {
		if !f.equal(fields[i]) {
			names = append(names, f.name)
		}
	}
	keys := maps.Clone(c.Params)
	if keys == nil {
		keys = make(map[string]string)
	}
	maps.Copy(keys, other.Params)
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		x, inC := c.Params[name]
		y, inOther := other.Params[name]
		if x != y || inC != inOther {
			names = append(names, "params."+name)
		}
	}
	return names
}

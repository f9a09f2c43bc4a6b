package registry

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Config says which database to open and how. It is the same for every dialect; a field that a dialect has
// no use for is an error there, never ignored. A zero value means the default that is given with the field.
//
// A Config can be printed, logged and encoded: its secrets show as [redacted]. It is a plain value; code that
// shares one between goroutines must not write to it, nor to what TLS and its maps hold.
type Config struct {
	// Dialect is "postgres", "mysql", "sqlite", "mssql", an alias of these, or anyone's own.
	Dialect string

	// DSN is a connection string in the form of the dialect's database module, which is read when the database is
	// opened. Fields that are set win over it; see [Registry.Resolve].
	DSN Secret

	// Host is a name, an IP address, or an absolute path: a unix socket. Default "localhost".
	Host string

	// Port is that of the server, and of those in Hosts that name none. Default: that of the dialect.
	Port int

	// Hosts are several servers of the same database, in place of Host: each as Host, with or without a port after it, such
	// as "a", "b:5433", "[::1]:5432" or "/run/x.sock". A connection goes to the first that can be used. ConnectTimeout
	// is shared between them; TLS verifies the name of each, or ServerName for all.
	Hosts []string

	// HostOrder is the order in which Hosts are tried.
	HostOrder HostOrder

	// Role is what the server has to be to take a connection; it is checked for each. With any Role but [RoleAny] a
	// server in the wrong one is passed over, and if there is no other the failure is KindRole.
	Role Role

	User     string
	Password Secret

	// PasswordFile is a file with the password, which is read anew for every physical connection, so that a new
	// password needs no restart. One line end after it is cut off. Rename a new file into the place of the old: one that is
	// being written is empty for a moment, and no connection can be made then.
	PasswordFile string

	// Credentials asks a provider for the login before every physical connection.
	Credentials Credentials

	Database string

	// Filename is the database file of a dialect of files. Database serves when it is empty.
	Filename string

	Pool Pool

	// Readers, if it is not nil, asks for a further pool for reading, which differs in the fields that are set in it, such
	// as Hosts, User and Pool. Its Role is [RolePreferReader] unless it says another. It cannot have Readers.
	Readers *Config

	// TLS asks for encryption. nil: plaintext; &TLS{}: encrypted, certificate and host name verified.
	TLS *TLS

	// ConnectTimeout bounds each physical connection from dialing to login, whatever the caller's context
	// says. Default 10 s; negative: no limit.
	ConnectTimeout time.Duration

	// Retry says how opening is tried again.
	Retry Retry

	// Lazy opens without waiting for the database, for a program that starts beside it: what is wrong with the
	// config is still an error, and all else becomes one of the first statement.
	Lazy bool

	// AppName is what the server's list of connections shows. Default: the name of the program.
	AppName string

	// Session holds settings of the session, any that the server knows, which every physical connection gets. They are
	// sent as values, so nothing in one is read as SQL.
	Session map[string]string

	// Params holds settings of the driver, listed in its package; an unknown one is an error.
	Params map[string]string
}

// Credentials names where logins come from: a provider that package conn/credentials knows, and what it is told.
// Options are shown when a config is printed: no secret belongs there.
type Credentials struct {
	Provider string
	Options  map[string]string
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

	// MaxIdle is how many connections may be unused at a time; further ones are closed when they are returned.
	// Default: Max.
	MaxIdle int

	// MaxLifetime is the age at which a connection is replaced, once it is idle. Those to a server are replaced at a random
	// moment in the last quarter of it, so that not all end at once. Default: unlimited.
	MaxLifetime time.Duration

	// MaxIdleTime is how long a connection beyond Min may be unused before it is closed. Default 5 min; negative:
	// unlimited.
	MaxIdleTime time.Duration
}

// HostOrder is the order in which several hosts are tried.
type HostOrder uint8

// The orders of hosts. A file and a URL have them as "listed" and "random".
const (
	HostsListed HostOrder = iota // as they are listed: the first is preferred
	HostsRandom                  // a new order for every connection, which spreads connections over all
)

// Role is what a server does for a connection.
type Role uint8

// The roles. A file and a URL have them as "any", "writer", "reader" and "preferReader".
const (
	RoleAny          Role = iota // whatever it is
	RoleWriter                   // it takes writes now
	RoleReader                   // it takes no writes: a standby, a replica
	RolePreferReader             // a reader where one can be had, else a writer
)

var (
	orderNames = []string{"listed", "random"}
	roleNames  = []string{"any", "writer", "reader", "preferReader"}
)

// String returns the name, such as "random".
func (o HostOrder) String() string { return nameOf("order", orderNames, int(o)) }

// MarshalText returns what String returns.
func (o HostOrder) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// String returns the name, such as "writer".
func (r Role) String() string { return nameOf("role", roleNames, int(r)) }

// MarshalText returns what String returns, so that a Role reads the same in JSON.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func nameOf(what string, names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s %d", what, i)
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

	// CAFile, CertFile and KeyFile name files with the PEM text, in place of the fields above. They are read anew
	// for a physical connection when they have changed, so that a new certificate needs no restart.
	CAFile, CertFile, KeyFile string
}

// Equal reports whether both configs say the same. It allocates nothing.
func (c Config) Equal(other Config) bool { return EqualConfigs(&c, &other) }

// EqualConfigs is [Config.Equal] for those who compare often: it copies neither.
func EqualConfigs(c, other *Config) bool {
	return c.Port == other.Port && c.Pool == other.Pool && c.ConnectTimeout == other.ConnectTimeout && c.Lazy == other.Lazy &&
		c.Dialect == other.Dialect && sameText(c.Host, other.Host) && sameText(c.User, other.User) &&
		c.HostOrder == other.HostOrder && c.Role == other.Role && slices.Equal(c.Hosts, other.Hosts) &&
		sameText(c.Database, other.Database) && sameText(c.Filename, other.Filename) && sameText(c.AppName, other.AppName) &&
		sameText(c.PasswordFile, other.PasswordFile) && sameText(c.Credentials.Provider, other.Credentials.Provider) &&
		c.Password.Equal(other.Password) && c.DSN.Equal(other.DSN) && c.Retry.equal(&other.Retry) &&
		(c.TLS == other.TLS || c.TLS.equal(other.TLS)) &&
		(c.Readers == other.Readers || c.Readers != nil && other.Readers != nil && EqualConfigs(c.Readers, other.Readers)) &&
		sameMap(c.Params, other.Params) && sameMap(c.Session, other.Session) &&
		sameMap(c.Credentials.Options, other.Credentials.Options)
}

// sameText compares without a call where both are empty, as most fields are.
func sameText(a, b string) bool { return len(a) == len(b) && (len(a) == 0 || a == b) }

func sameMap(a, b map[string]string) bool {
	return len(a) == len(b) && (len(a) == 0 || maps.Equal(a, b))
}

func (t *TLS) equal(other *TLS) bool {
	if t == nil || other == nil {
		return false
	}
	a, b := *t, *other
	a.Key, b.Key = Secret{}, Secret{}
	return a == b && t.Key.Equal(other.Key)
}

// Clone returns a copy that shares nothing with c.
func (c Config) Clone() Config {
	c.unshare()
	return c
}

// unshare makes copies of what c shares with that of which it is a copy.
func (c *Config) unshare() {
	c.Params, c.Session = maps.Clone(c.Params), maps.Clone(c.Session)
	c.Credentials.Options = maps.Clone(c.Credentials.Options)
	c.Hosts, c.Retry.Kinds = slices.Clone(c.Hosts), slices.Clone(c.Retry.Kinds)
	if c.Readers != nil {
		r := *c.Readers
		r.unshare()
		c.Readers = &r
	}
	if c.TLS != nil {
		t := *c.TLS
		c.TLS = &t
	}
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
	theirs := other.maps()
	for i, m := range c.maps() {
		keys := make(map[string]bool)
		for name, value := range *m.at {
			if v, ok := (*theirs[i].at)[name]; !ok || v != value {
				keys[name] = true
			}
		}
		for name := range *theirs[i].at {
			if _, ok := (*m.at)[name]; !ok {
				keys[name] = true
			}
		}
		for _, name := range sorted(keys) {
			names = append(names, m.name+"."+name)
		}
	}
	switch {
	case (c.Readers == nil) != (other.Readers == nil):
		names = append(names, "readers")
	case c.Readers != nil:
		for _, name := range c.Readers.Diff(*other.Readers) {
			names = append(names, inReaders+name)
		}
	}
	return names
}

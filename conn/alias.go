package conn

import "github.com/patchbay-go/patchbay/registry"

// What users of this package need of package registry, so that they import one package less.
type (
	// Config says which database to open and how.
	Config = registry.Config
	// Pool bounds the connections of one open database.
	Pool = registry.Pool
	// TLS asks for an encrypted connection.
	TLS = registry.TLS
	// Retry says how opening is tried again.
	Retry = registry.Retry
	// Credentials names where logins come from.
	Credentials = registry.Credentials
	// Secret is a text that is never shown.
	Secret = registry.Secret
	// Login is whom to log in as.
	Login = registry.Login
	// HostOrder is the order in which several hosts are tried.
	HostOrder = registry.HostOrder
	// Role is what a server does for a connection.
	Role = registry.Role
	// Kind says what went wrong in terms that a program can act on.
	Kind = registry.Kind
	// Diagnosis is what is known of an error.
	Diagnosis = registry.Diagnosis
	// ConfigError says which field of a Config cannot be used.
	ConfigError = registry.ConfigError
	// MissingDriverError says that the driver of a dialect is not linked into the program.
	MissingDriverError = registry.MissingDriverError
	// UnsupportedDialectError says that nobody knows a dialect of that name.
	UnsupportedDialectError = registry.UnsupportedDialectError
)

// The orders of hosts and the roles of servers; package registry describes each.
const (
	HostsListed      = registry.HostsListed
	HostsRandom      = registry.HostsRandom
	RoleAny          = registry.RoleAny
	RoleWriter       = registry.RoleWriter
	RoleReader       = registry.RoleReader
	RolePreferReader = registry.RolePreferReader
)

// The kinds of failure; package registry describes each.
const (
	KindUnknown     = registry.KindUnknown
	KindAuth        = registry.KindAuth
	KindNoDatabase  = registry.KindNoDatabase
	KindUnreachable = registry.KindUnreachable
	KindTimeout     = registry.KindTimeout
	KindCanceled    = registry.KindCanceled
	KindTooMany     = registry.KindTooMany
	KindBlocked     = registry.KindBlocked
	KindStarting    = registry.KindStarting
	KindLost        = registry.KindLost
	KindReadOnly    = registry.KindReadOnly
	KindRole        = registry.KindRole
	KindTLS         = registry.KindTLS
	KindConfig      = registry.KindConfig
	KindBusy        = registry.KindBusy
	KindCannotOpen  = registry.KindCannotOpen
	KindCorrupt     = registry.KindCorrupt
	KindIO          = registry.KindIO
	KindUnique      = registry.KindUnique
	KindForeignKey  = registry.KindForeignKey
	KindNotNull     = registry.KindNotNull
	KindCheck       = registry.KindCheck
	KindConflict    = registry.KindConflict
	KindDenied      = registry.KindDenied
	KindExists      = registry.KindExists
	KindUndefined   = registry.KindUndefined
	KindSyntax      = registry.KindSyntax
	KindValue       = registry.KindValue
)

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret { return registry.NewSecret(text) }

// ParseURL reads a Config from a URL such as postgres://user:password@host/database?ssl=true or
// sqlite:file.db; [registry.ParseURL] has the forms and the parameters.
func ParseURL(url string) (Config, error) { return registry.ParseURL(url) }

// ParseDSN reads a Config from a connection string in the form of the dialect's database module, whose driver must be linked.
// [registry.OwnWords] is an option for words of the program's own.
func ParseDSN(dialect, dsn string, opts ...registry.ParseOption) (Config, error) {
	return registry.ParseDSN(dialect, dsn, opts...)
}

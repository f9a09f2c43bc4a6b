package registry

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"strconv"
	"strings"
	"time"
)

// Driver opens databases of one dialect. Its methods do no I/O and may be called concurrently. It is frozen: what
// else a driver can do or has to know is a field of [Info], [Env] or [Diagnosis].
//
// A dialect registers its Driver from an init function with [Register]. drivers/drivertest is the suite that
// checks all of this against a real server.
type Driver interface {
	// Info describes the dialect. It is the same every time, and the caller may change what it gets.
	Info() Info

	// Connector checks cfg and returns a connector that opens one physical connection for each Connect. It is called once
	// for each host, with a cfg that has no Hosts, has passed [Config.Validate], and belongs to the driver, which may keep
	// and change it. The connector is used concurrently; if it implements [io.Closer], its Close is called after the pool
	// that uses it has closed, and may be called again. An error describes the field that is wrong, preferably as a [*ConfigError], and quotes
	// no secret.
	Connector(cfg Config, env Env) (driver.Connector, error)

	// Diagnose says what an error means that came from a connector or a connection of this driver, however
	// deeply it is wrapped. It returns the zero Diagnosis for an error that is not its own.
	Diagnose(err error) Diagnosis
}

// Env is what the caller of [Driver.Connector] lends to the driver, and asks of it. Each field may be zero.
type Env struct {
	// Dial opens the network connections. If it is nil, the driver dials itself.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Watch is called with every network connection right after it was dialed, before anything is read or written,
	// and returns the one to use in its place. The context is the one that Connect got, or one derived from it, for
	// a connection that Connect opens. The caller can so end an attempt to connect, or a pool, by the
	// network connection alone, also where the driver waits for something else.
	Watch func(ctx context.Context, c net.Conn) net.Conn

	// Role is told what the server at the other end of c is, a connection that came from Watch. r is RoleWriter or
	// RoleReader; RoleAny says that the server is no longer what it was, or cannot be used, and cause is the error that
	// told so, or nil. A driver that learns the role from the login calls Role before Connect returns, and then
	// Info.RoleQuery is not sent. It calls Role again when the server tells that its role has changed. Any goroutine may
	// call it; it returns at once, and does not use c. If it is nil, nobody wants to know.
	Role func(c net.Conn, r Role, cause error)

	// Credentials is asked before every physical connection for the login, which takes the place of that in the
	// Config; an empty User leaves that of the Config. refused says that the server did not accept the one before,
	// for the same physical connection: that is asked once, and the answer tried only if it differs.
	Credentials func(ctx context.Context, refused bool) (Login, error)

	// Warn is told, one line at a time, of what failed where there is no caller to return the error to: for example that
	// a statement whose context has ended could not be stopped on the server. It may be called until the connector has
	// been closed and its last connection is gone, by any goroutine, and must not use the connector.
	Warn func(err error)

	// OnePool is called by Connector where the database cannot have a pool for reading beside this one, although cfg has
	// Readers: one in memory, or a file of SQLite whose journal makes readers and the writer wait for each other. If it is
	// nil, nobody wants to know.
	OnePool func()

	// NoCreate asks for connectors that create nothing: a database file that is missing is an error, and one that
	// is there keeps its format.
	NoCreate bool

	// NoDatabase asks for connectors that log in to the server alone, or to the database that every server of the
	// dialect has, whatever Config.Database says. A dialect whose Info has Files set is never asked for it.
	NoDatabase bool
}

// Login is whom to log in as.
type Login struct {
	User     string
	Password Secret
	Expires  time.Time // when the server stops accepting it, for those who keep it until then; zero: not known
}

// Info describes a dialect: what it is called, how a program gets its driver, and what code for any dialect has to
// know of its databases.
type Info struct {
	Dialect string   `json:"dialect"`           // "postgres"
	Aliases []string `json:"aliases,omitempty"` // further names that Lookup takes
	Tag     string   `json:"tag,omitempty"`     // the build tag that links the driver; empty: none is needed
	Import  string   `json:"import,omitempty"`  // the package to import for it
	Module  string   `json:"module,omitempty"`  // the module of the database driver underneath
	Port    int      `json:"port,omitempty"`    // the default port of a server
	Files   bool     `json:"files,omitempty"`   // its databases are files or in memory; there is no server

	// DriverName is the name under which the database driver underneath is known to package database/sql, to sqlx
	// and to query builders: "pgx", "mysql".
	DriverName string `json:"driverName,omitempty"`

	// Placeholder is how a statement names its parameters. Default [Question].
	Placeholder Placeholder `json:"placeholder,omitempty"`

	// Quotes are the two characters around a name in a statement: `""`, "``" or "[]". Default `""`, of standard SQL.
	Quotes string `json:"quotes,omitempty"`

	// TestQuery is a query that is cheap and succeeds on every usable connection. Default "SELECT 1".
	TestQuery string `json:"testQuery,omitempty"`

	// VersionQuery is a query whose only row has the version of the server in its only column. Empty: there is none.
	VersionQuery string `json:"versionQuery,omitempty"`

	// RoleQuery is a query whose only row has one column: 1 if the server takes writes now, 0 if it does not. NULL
	// or an error says that it is not usable. Empty: the dialect knows no roles.
	RoleQuery string `json:"roleQuery,omitempty"`

	// QueryArgs are what TestQuery, VersionQuery and RoleQuery are sent with: none of them has parameters, but a
	// database driver may take options as arguments. Usually there are none.
	QueryArgs []any `json:"-"`

	// SingleWriter says that a database takes one writing transaction at a time, so that a pool gains nothing from
	// several connections that write.
	SingleWriter bool `json:"singleWriter,omitempty"`

	// Levels are the isolation levels that a transaction can ask for. Empty: the driver says at BeginTx which it has.
	Levels []sql.IsolationLevel `json:"-"`
}

// QuoteName returns a name such as that of a table for a statement, in quotes, so that nothing in it is read as SQL.
func (i Info) QuoteName(name string) string {
	quotes := cmp.Or(i.Quotes, `""`)
	return quotes[:1] + strings.ReplaceAll(name, quotes[1:], quotes[1:]+quotes[1:]) + quotes[1:]
}

// Placeholder is how the statements of a dialect name their parameters: the text before the number of each, or "?",
// which has no number.
type Placeholder string

// The usual placeholders.
const (
	Question Placeholder = "?"  // ?, ?
	Dollar   Placeholder = "$"  // $1, $2
	Colon    Placeholder = ":"  // :1, :2
	At       Placeholder = "@p" // @p1, @p2
)

// Nth returns the nth parameter of a statement, from 1. The zero Placeholder is [Question].
func (p Placeholder) Nth(n int) string {
	if p == "" || p == Question {
		return string(Question)
	}
	return string(p) + strconv.Itoa(n)
}

// Diagnosis is what a [Driver] knows of an error.
type Diagnosis struct {
	Kind       Kind   // what went wrong, in terms that a program can act on
	Code       string // the database's own code for it: "28P01", "1045"; empty if the error has none
	Hint       string // for a person: "what is wrong: what to check or change", with no value of a statement; empty: what is usual for the Kind
	Permanent  bool   // another attempt cannot succeed soon, although the Kind is one that is retried
	Constraint string // the constraint that a statement violates, where the database names it; SQLite names the columns of a key
}

package conn

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// Error says why a database could not be opened or closed. It shows no secret, however it is printed or
// encoded.
type Error struct {
	Name     string // of the connection
	Dialect  string // as in the config until it has been recognized
	Target   string // what was to be opened, such as "app@db.example:5432/shop" or a file name
	Kind     Kind
	Attempts int    // to open it; 0 if the config did not get as far as that, or for a failure to close
	Hint     string // what to check or change; may be empty
	Err      error  // what the driver said in the last attempt, and the end of the context if that is why it was the last
}

// Names of connections that were given none.
const (
	defaultName = "__default__"
	testName    = "__test__"
)

// Error gives all of it in one line of bounded length, the name only if the program has given one. What would end the
// line or act on a terminal is escaped.
func (e *Error) Error() string {
	what := strings.Trim(e.Dialect+" "+e.Target, " ")
	if e.Name != defaultName && e.Name != testName {
		if what != "" {
			what = " (" + what + ")"
		}
		what = fmt.Sprintf("connection %q%s", e.Name, what)
	} else if e.Target == "" {
		what = ""
	}
	s := line(e.Err.Error(), mostOfCause)
	if what != "" {
		s = line(what, mostOfRest) + ": " + s
	}
	if e.Attempts > 1 {
		s += fmt.Sprintf(" (%s, %d attempts)", e.Kind, e.Attempts)
	}
	if e.Hint != "" {
		s += "; " + line(e.Hint, mostOfRest)
	}
	return s
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// MarshalText returns what Error returns: encoders see no deeper, into what a driver may keep in its errors.
func (e *Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// explain makes an Error of what happened to this pool.
func (c *connector) explain(err error, attempts int) *Error {
	if _, panicked := consult(err, c.driver); panicked != nil {
		err = fmt.Errorf("%w; %w", err, panicked)
	}
	d := diagnose(err, c.driver)
	return &Error{
		Name: c.name, Dialect: c.dialect, Target: c.target,
		Kind: d.Kind, Attempts: attempts, Hint: d.Hint, Err: err,
	}
}

// hints is what to do about a kind of failure where the driver knows nothing better. A kind that no one can do
// anything about, or whose error says it already, has none.
var hints = [...]string{
	KindAuth:        "verify user and password",
	KindNoDatabase:  "check the name of the database, and that the user may connect to it",
	KindUnreachable: "check that the database server is running, and host and port",
	KindTimeout:     "check that host and port are those of the database, and that no firewall is in between; or raise connectTimeout",
	KindTooMany:     "lower pool.max, close what is not used, or raise the limit of the server",
	KindBlocked:     "have the server's administrator unblock this host",
	KindStarting:    "wait until the server is ready, or allow more attempts",
	KindLost:        "check the server's log for why it closed the connection, and that it is a server of this dialect",
	KindReadOnly:    "connect to the primary server, or open the database for writing",
	KindRole:        "wait until a server has this role, or check hosts and role",
	KindTLS:         "check that client and server agree on encryption, and the certificates",
	KindBusy:        "close or wait for the other process that has the database locked",
	KindCannotOpen:  "check that the file and its folder exist and may be read and written",
	KindCorrupt:     "check that the file is a database and restore it from a backup if it is damaged",
	KindIO:          "check that the disk is not full or failing",

	KindUnique:     "another row has this key already: update that row, or choose another key",
	KindForeignKey: "a row is referred to that is not there, or is still referred to: insert or delete in the other order",
	KindNotNull:    "a column that must have a value got none: give it one, or a default",
	KindCheck:      "a value is not one that the table or view allows: correct it",
	KindConflict:   "another transaction got in between: run the transaction again from its start",
	KindDenied:     "the user lacks a right that the statement needs: GRANT it",
	KindExists:     "it exists already: choose another name, or write IF NOT EXISTS",
	KindUndefined:  "the table, column, function or other object does not exist: check its name",
	KindSyntax:     "the statement cannot be understood: correct it",
	KindValue:      "a value is too long, out of range, or not in the form of its type: correct it",
}

// target says what is opened, for errors. each has a config for each host.
func target(cfg *Config, each []Config, info *registry.Info) string {
	if info.Files && cfg.Host == "" {
		return cmp.Or(cfg.Filename, cfg.Database)
	}
	where := ""
	for i := range each {
		where += "," + address(&each[i], info)
	}
	where = where[1:]
	if cfg.User != "" {
		where = cfg.User + "@" + where
	}
	if cfg.Database != "" {
		where += "/" + cfg.Database
	}
	return where
}

// address names the server of a config with one host.
func address(cfg *Config, info *registry.Info) string {
	if strings.HasPrefix(cfg.Host, "/") && cfg.Port == 0 { // a unix socket; PostgreSQL's have a port in their name
		return cfg.Host
	}
	return net.JoinHostPort(cmp.Or(cfg.Host, "localhost"), strconv.Itoa(cmp.Or(cfg.Port, info.Port)))
}

package registry

import (
	"context"
	"database/sql/driver"
	"net"
)

// Driver opens databases of one dialect. Its methods do no I/O and may be called concurrently.
//
// A dialect registers its Driver from an init function with [Register]. What a driver can do beyond this
// contract it says by implementing [Dialer], [SystemDatabaser], [TestConfiger], [TestQuerier], [Versioner] or
// [Adviser].
// drivers/drivertest is the suite that checks all of it against a real server.
type Driver interface {
	// Info names the dialect.
	Info() Info

	// Connector checks cfg and turns it into a connector that opens one physical connection for each Connect.
	// cfg has passed [Config.Validate]. The connector is used concurrently; where it implements [io.Closer],
	// its Close is called after the pool that uses it has closed, and may be called again. An error describes the field that is
	// wrong, preferably as a [*ConfigError], and quotes no secret.
	Connector(cfg Config, env Env) (driver.Connector, error)

	// Kind tells the kind of an error that came from a connector or a connection of this driver, however
	// deeply it is wrapped. It returns KindUnknown for an error that is not its own.
	Kind(err error) Kind
}

// Env is what the caller of [Driver.Connector] lends to the driver. Each field may be nil.
type Env struct {
	// Dial opens every network connection. The context that it is given must be the one passed to Connect or
	// one derived from it: that is how a connection attempt is given up in time.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Credentials is asked before every physical connection for the user and password to log in with, which
	// take the place of those in the Config.
	Credentials func(ctx context.Context) (user string, password Secret, err error)
}

// Info describes a dialect: what it is called and how a program gets its driver.
type Info struct {
	Dialect string   `json:"dialect"`           // "postgres"
	Aliases []string `json:"aliases,omitempty"` // further names that Lookup takes
	Tag     string   `json:"tag,omitempty"`     // the build tag that links the driver; empty: none is needed
	Import  string   `json:"import,omitempty"`  // the package to import for it
	Module  string   `json:"module,omitempty"`  // the module of the database driver underneath
	Port    int      `json:"port,omitempty"`    // the default port; 0: a dialect of files, not of servers
}

// Dialer is implemented by a driver that opens network connections, usually by embedding the Dialer of
// drivers/network. Its Dial is what [Env].Dial comes down to where the program has not replaced it. A program
// without such a driver does not link the network code of the standard library.
type Dialer interface {
	Dial(ctx context.Context, network, addr string) (net.Conn, error)
}

// SystemDatabaser is implemented by a driver whose server can be reached without naming a database that may
// not exist yet, which is what a program needs to create one.
type SystemDatabaser interface {
	// SystemDatabase returns cfg with the database replaced by the one that every server of the dialect has.
	SystemDatabase(cfg Config) Config
}

// TestConfiger is implemented by a driver for which opening can create something, such as a file.
type TestConfiger interface {
	// TestConfig returns cfg changed such that opening it creates nothing.
	TestConfig(cfg Config) Config
}

// TestQuerier is implemented by a driver whose databases do not take "SELECT 1".
type TestQuerier interface {
	// TestQuery returns a query that is cheap and succeeds on every usable connection.
	TestQuery() string
}

// Versioner is implemented by a driver that can ask the server for its version.
type Versioner interface {
	// VersionQuery returns a query whose first row holds the version in its only column.
	VersionQuery() string
}

// Adviser is implemented by a driver that knows more about some errors than their [Kind].
type Adviser interface {
	// Advise returns what is known about err beyond its Kind; the zero Advice where that is nothing.
	Advise(err error) Advice
}

// Advice is what to do about an error.
type Advice struct {
	Hint  string // for a person: what to check or change; empty: what is usual for the Kind
	Final bool   // another attempt cannot succeed soon, although the Kind is one that is retried
}

// Package native links and registers the driver of MySQL and MariaDB, whatever the build tags are. It is for libraries that are
// embedded in programs whose build they do not control, and for tests. A program that imports package
// drivers/mysql as well, built with the tag or without, has the same driver.
//
// [Config] is for programs that need go-sql-driver itself, and have a config of Patchbay. Those that need database/sql alone
// have all that conn.Open does for a connection in the Connector of [Driver].
package native

import (
	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/mysql/internal/mysql"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return mysql.Driver() }

// Config returns the config of go-sql-driver that says the same, for its NewConnector, with address, login, TLS, session and
// dialer as conn.Open has them. The driver asks env.Credentials for each connection, and reads files with certificates
// anew. What only Patchbay does is not in it: ConnectTimeout bounds the dial alone, a statement that was given up goes on, after a login that was
// refused nobody asks for another one, and why a connection was lost is only in the driver's log. An isolation level in Session is an error,
// because its name is that of a server.
//
// The Env for a config with a PasswordFile or Credentials is what credentials.Env returns.
func Config(cfg registry.Config, env registry.Env) (*mysqldriver.Config, error) {
	return mysql.NativeConfig(cfg, env)
}

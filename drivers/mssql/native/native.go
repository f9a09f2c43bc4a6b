// Package native links and registers the driver of SQL Server, whatever the build tags are. It is for libraries that are
// embedded in programs whose build they do not control, and for tests. A program that imports package
// drivers/mssql as well, built with the tag or without, has the same driver.
//
// [Config] and [Connector] are for programs that need go-mssqldb itself, and have a config of Patchbay.
package native

import (
	mssqldb "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/drivers/mssql/internal/mssql"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return mssql.Driver() }

// Config returns the config of go-mssqldb that says the same, with server, login and TLS as conn.Open has them. What only
// Patchbay does is not in it: the context and DialTimeout, which is ConnectTimeout, do not bound the login. Session and an
// access token have no place in it; [Connector] has both.
//
// A PasswordFile and Credentials are an error, because they are read for every connection.
func Config(cfg registry.Config) (msdsn.Config, error) { return mssql.NativeConfig(cfg) }

// Connector returns a connector of go-mssqldb with [Config], the access token of authentication=token, and Session.
func Connector(cfg registry.Config) (*mssqldb.Connector, error) { return mssql.NativeConnector(cfg) }

// Package native links and registers the driver of PostgreSQL, whatever the build tags are. It is for libraries that are
// embedded in programs whose build they do not control, and for tests. A program that imports package
// drivers/postgres as well, built with the tag or without, has the same driver.
//
// [ConnConfig] and [PoolConfig] are for programs that need pgx itself, and have a config of Patchbay. Those that need
// database/sql alone have all that conn.Open does for a connection in the Connector of [Driver].
package native

import (
	"github.com/patchbay-go/patchbay/drivers/postgres/internal/postgres"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return postgres.Driver() }

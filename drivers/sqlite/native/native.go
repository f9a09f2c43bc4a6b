// Package native links and registers the driver of SQLite, whatever the build tags are. It is for libraries that are
// embedded in programs whose build they do not control, and for tests. A program that imports package
// drivers/sqlite as well, built with the tag or without, has the same driver. On a platform that modernc.org/sqlite
// does not support it registers [registry.Absent].
//
// [URI] is for programs that need modernc.org/sqlite itself, and have a config of Patchbay.
package native

import (
	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own.
func Driver() registry.Driver { return sqlite.Driver() }

// URI returns the URI with which modernc.org/sqlite opens the same file, with Params and Session. Where Patchbay opens a file that
// may not be written, it leaves out what would write; the URI has it all, so give mode=ro for such a file. A database
// in memory has a new name with each URI, and lives as long as a connection to it.
func URI(cfg registry.Config) (string, error) { return sqlite.NativeURI(cfg) }

//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64)

package sqlite

import (
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/registry"
)

// Driver returns the driver of SQLite.
func Driver() registry.Driver { return &theDialect }

// newConnector returns SQLite's own connector for a URI.
func newConnector(uri string) (driver.Connector, error) { return sqlite.NewConnector(uri) }

// codeOf returns the extended result code and the text of an error of SQLite, and false for any other.
func codeOf(err error) (code int, text string, ok bool) {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return 0, "", false
	}
	return e.Code(), e.Error(), true
}

//go:build !((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite

import (
	"database/sql/driver"
	"errors"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/platform"
	"github.com/patchbay-go/patchbay/registry"
)

// Driver returns what stands for the driver where modernc.org/sqlite does not build.
func Driver() registry.Driver { return registry.Absent("sqlite", platform.Supported...) }

func newConnector(string) (driver.Connector, error) { return nil, errors.ErrUnsupported }

func codeOf(error) (code int, text string, ok bool) { return 0, "", false }

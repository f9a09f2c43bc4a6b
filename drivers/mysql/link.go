//go:build mysql || alldrivers

package mysql

import (
	"github.com/patchbay-go/patchbay/drivers/mysql/internal/mysql"
	"github.com/patchbay-go/patchbay/registry"
)

func linked() registry.Driver { return mysql.Driver() }

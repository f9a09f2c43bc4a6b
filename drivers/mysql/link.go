//go:build mysql || alldrivers

package mysql

import "github.com/patchbay-go/patchbay/drivers/mysql/internal/mysql"

var linked = mysql.Driver()

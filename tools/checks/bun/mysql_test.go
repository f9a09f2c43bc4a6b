//go:build mysql || alldrivers

package bun_test

import (
	"testing"

	"github.com/uptrace/bun/dialect/mysqldialect"

	_ "github.com/patchbay-go/patchbay/drivers/mysql"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestMariaDB(t *testing.T) {
	exercise(t, testserver.MariaDB(t).Config(), mysqldialect.New())
}

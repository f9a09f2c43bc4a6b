//go:build postgres || alldrivers

package bun_test

import (
	"testing"

	"github.com/uptrace/bun/dialect/pgdialect"

	_ "github.com/patchbay-go/patchbay/drivers/postgres"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestPostgres(t *testing.T) {
	exercise(t, testserver.Postgres(t).Config(), pgdialect.New())
}

//go:build sqlite || alldrivers

package bun_test

import (
	"path/filepath"
	"testing"

	"github.com/uptrace/bun/dialect/sqlitedialect"

	_ "github.com/patchbay-go/patchbay/drivers/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

func TestSQLite(t *testing.T) {
	for name, file := range map[string]string{"file": filepath.Join(t.TempDir(), "bun.db"), "memory": ":memory:"} {
		t.Run(name, func(t *testing.T) {
			exercise(t, registry.Config{Dialect: "sqlite", Filename: file}, sqlitedialect.New())
		})
	}
}

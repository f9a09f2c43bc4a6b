package postgres_test

import (
	"fmt"

	"github.com/patchbay-go/patchbay/drivers/postgres"
	"github.com/patchbay-go/patchbay/registry"
)

// A program that keeps its drivers in a Registry of its own registers each by name.
func ExampleDriver() {
	var r registry.Registry
	r.Register(postgres.Driver())
	for _, info := range r.Linked() {
		fmt.Println(info.Dialect, info.Port, info.Module)
	}
	// Output: postgres 5432 github.com/jackc/pgx/v5
}

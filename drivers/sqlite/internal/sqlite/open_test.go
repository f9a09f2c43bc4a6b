package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

// connector makes one for a file name and params given as name, value, name, value.
func connector(t testing.TB, name string, params ...string) driver.Connector {
	t.Helper()
	c, err := sqlite.Driver().Connector(config(name, params...), registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func config(name string, params ...string) registry.Config {
	cfg := registry.Config{Dialect: "sqlite", Filename: name, Params: make(map[string]string)}
	for i := 0; i < len(params); i += 2 {
		cfg.Params[params[i]] = params[i+1]
	}
	return cfg
}

func open(t testing.TB, name string, params ...string) *sql.DB {
	t.Helper()
	db := sql.OpenDB(connector(t, name, params...))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing %q: %v", name, err)
		}
	})
	return db
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func query[T any](t testing.TB, db querier, text string, args ...any) (value T) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), text, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

func exec(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/postgres/internal/postgres"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestConformance(t *testing.T) {
	cfg := testserver.Postgres(t).Config()
	admin, err := conn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = fmt.Sprintf("conformance_%d", rand.Uint32())
	if _, err := admin.Exec("CREATE DATABASE " + cfg.Database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// WITH (FORCE): a session that was ended a moment ago may still be there.
		if _, err := admin.Exec("DROP DATABASE " + cfg.Database + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	drivertest.Run(t, drivertest.Target{
		Driver:  postgres.Driver(),
		Config:  cfg,
		Columns: drivertest.Columns{Decimal: "NUMERIC(30,10)", Bytes: "BYTEA", Time: "TIMESTAMPTZ"},
		Slow:    "SELECT pg_sleep(120)",
		Isolation: func(ctx context.Context, tx *sql.Tx) (level string, err error) {
			err = tx.QueryRowContext(ctx, "SHOW transaction_isolation").Scan(&level)
			return level, err
		},
		Levels: map[sql.IsolationLevel]string{ // https://www.postgresql.org/docs/current/transaction-iso.html
			sql.LevelReadUncommitted: "read uncommitted",
			sql.LevelReadCommitted:   "read committed",
			sql.LevelRepeatableRead:  "repeatable read",
			sql.LevelSnapshot:        "repeatable read",
			sql.LevelSerializable:    "serializable",
		},
		Session: "SELECT pg_backend_pid()",
		Kill: func(ctx context.Context, session string) error {
			_, err := admin.ExecContext(ctx, "SELECT pg_terminate_backend($1)", session)
			return err
		},
		Sessions: func(ctx context.Context) (n int, err error) {
			err = admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = $1", cfg.Database).Scan(&n)
			return n, err
		},
	})
}

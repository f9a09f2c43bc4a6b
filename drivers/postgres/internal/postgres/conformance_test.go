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
	"github.com/patchbay-go/patchbay/registry"
)

func TestConformance(t *testing.T) {
	cfg := testserver.Postgres(t).Config()
	admin, err := conn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = fmt.Sprintf("conformance_%d", rand.Uint32())
	poor := cfg.Clone()
	poor.User, poor.Password = cfg.Database, registry.NewSecret("pw of the poor")
	for _, statement := range []string{
		"CREATE DATABASE " + cfg.Database,
		"CREATE ROLE " + poor.User + " LOGIN PASSWORD '" + poor.Password.Reveal() + "'",
	} {
		if _, err := admin.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	impatient := cfg.Clone()
	impatient.Session = map[string]string{"lock_timeout": "20ms"}
	t.Cleanup(func() {
		// WITH (FORCE): a session that was ended a moment ago may still be there.
		if _, err := admin.Exec("DROP DATABASE " + cfg.Database + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		if _, err := admin.Exec("DROP ROLE " + poor.User); err != nil {
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
		Codes: map[registry.Kind]string{
			registry.KindUnique: "23505", registry.KindForeignKey: "23503", registry.KindNotNull: "23502", registry.KindCheck: "23514",
			registry.KindConflict: "40001 40P01", registry.KindBusy: "55P03", registry.KindDenied: "42501", registry.KindExists: "42P07",
			registry.KindUndefined: "42P01 42703 42883", registry.KindSyntax: "42601", registry.KindValue: "22001 22003 22P02",
		},
		Impatient: &impatient,
		Poor:      &poor,
		Session:   "SELECT pg_backend_pid()",
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

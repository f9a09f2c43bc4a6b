package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/drivers/drivertest"
	"github.com/patchbay-go/patchbay/drivers/mysql/internal/mysql"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestConformance(t *testing.T) {
	cfg := testserver.MariaDB(t).Config()
	admin, err := conn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	// A new name each time: a session that was left in a SLEEP is there for as long as it sleeps.
	cfg.Database = fmt.Sprintf("conformance_%d", rand.Uint32())
	poor, impatient := cfg.Clone(), cfg.Clone()
	poor.User, poor.Password = cfg.Database, registry.NewSecret("pw of the poor")
	impatient.Session = map[string]string{"innodb_lock_wait_timeout": "1"}
	for _, statement := range []string{
		"CREATE DATABASE " + cfg.Database,
		"CREATE TABLE " + cfg.Database + ".begun (n INT) ENGINE=InnoDB",
		"CREATE USER " + poor.User + " IDENTIFIED BY '" + poor.Password.Reveal() + "'",
		"GRANT SELECT ON " + cfg.Database + ".begun TO " + poor.User, // without any right in it, the database is not there
	} {
		if _, err := admin.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_, err := admin.Exec("DROP DATABASE " + cfg.Database)
		_, left := admin.Exec("DROP USER " + poor.User)
		if err := errors.Join(err, left, admin.Close()); err != nil {
			t.Error(err)
		}
	})
	drivertest.Run(t, drivertest.Target{
		Driver:  mysql.Driver(),
		Config:  cfg,
		Columns: drivertest.Columns{Text: "LONGTEXT CHARACTER SET utf8mb4", Bytes: "LONGBLOB", Time: "DATETIME(6)"},
		Slow:    "SELECT SLEEP(120)",
		Isolation: func(ctx context.Context, tx *sql.Tx) (level string, err error) {
			// The variable tells the level of the session. That of a transaction is in a table that is read
			// anew when nobody has read it for 0.1 s, and only once the transaction has done something:
			// https://dev.mysql.com/doc/refman/8.4/en/innodb-information-schema-internal-data.html
			if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM begun").Scan(new(int)); err != nil {
				return "", err
			}
			time.Sleep(120 * time.Millisecond)
			err = tx.QueryRowContext(ctx, "SELECT trx_isolation_level FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID()").Scan(&level)
			return level, err
		},
		Levels: map[sql.IsolationLevel]string{
			sql.LevelReadUncommitted: "READ UNCOMMITTED",
			sql.LevelReadCommitted:   "READ COMMITTED",
			sql.LevelRepeatableRead:  "REPEATABLE READ",
			sql.LevelSerializable:    "SERIALIZABLE",
		},
		Codes: map[registry.Kind]string{
			registry.KindUnique: "1062", registry.KindForeignKey: "1451 1452", registry.KindNotNull: "1048 1364", registry.KindCheck: "3819 4025",
			registry.KindConflict: "1213", registry.KindBusy: "1205", registry.KindDenied: "1142", registry.KindExists: "1050",
			registry.KindUndefined: "1051 1054 1146 1305", registry.KindSyntax: "1064", registry.KindValue: "1264 1366 1406",
		},
		Impatient: &impatient,
		Poor:      &poor,
		Session:   "SELECT CONNECTION_ID()",
		Kill: func(ctx context.Context, session string) error {
			id, err := strconv.Atoi(session)
			if err == nil {
				_, err = admin.ExecContext(ctx, "KILL "+strconv.Itoa(id))
			}
			return err
		},
		Sessions: func(ctx context.Context) (n int, err error) {
			err = admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.processlist WHERE db = ?", cfg.Database).Scan(&n)
			return n, err
		},
	})
}

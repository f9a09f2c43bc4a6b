package conn_test

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/internal/testuser"
)

// native inserts three rows in a way that the driver has and database/sql has not, and returns how many there were.
var native = map[string]func(ctx context.Context, dc any) (int64, error){
	"postgres": func(ctx context.Context, dc any) (int64, error) {
		rows := pgx.CopyFromRows([][]any{{1}, {2}, {3}})
		return dc.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"things"}, []string{"n"}, rows)
	},
	"mysql": func(ctx context.Context, dc any) (n int64, err error) {
		result, err := dc.(driver.ExecerContext).ExecContext(ctx, "INSERT INTO things VALUES (1); INSERT INTO things VALUES (2), (3)", nil)
		if err != nil {
			return 0, err
		}
		for _, rows := range result.(mysql.Result).AllRowsAffected() {
			n += rows
		}
		return n, nil
	},
}

func TestRawYieldsWhatTheDriverHasBeyondDatabaseSQL(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		cfg := testuser.New(t, servers[dialect](t)).Config()
		if dialect == "mysql" {
			cfg.Params = map[string]string{"multiStatements": "true"}
		}
		c, _ := opens(t, cfg)
		if _, err := c.ExecContext(limit(t), "CREATE TABLE things (n INT)"); err != nil {
			t.Fatal(err)
		}
		one, err := c.DB.Conn(limit(t))
		if err != nil {
			t.Fatal(err)
		}
		defer one.Close()
		err = one.Raw(func(dc any) error {
			n, err := native[dialect](limit(t), dc)
			if n != 3 {
				t.Errorf("%d rows were inserted", n)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		var rows int
		if err := c.QueryRowContext(limit(t), "SELECT COUNT(*) FROM things").Scan(&rows); err != nil || rows != 3 {
			t.Errorf("there are %d rows, %v", rows, err)
		}
	})
}

package tsql_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/tdstest/tsql"
)

// guard is how long anything here may take; nothing takes nearly as long.
const guard = 10 * time.Second

func ctx(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	t.Cleanup(cancel)
	return ctx
}

// open starts a server on a new backend and opens it.
func open(t testing.TB) *sql.DB {
	t.Helper()
	s := tdstest.Start(t, tdstest.Options{Backend: tsql.Open(t), Databases: []string{"patchbay", "other"}})
	c, err := msdsn.Parse("sqlserver://127.0.0.1?encrypt=disable")
	must(t, err)
	from := s.Config()
	c.Port, c.User, c.Password, c.Database = uint64(from.Port), from.User, from.Password.Reveal(), from.Database
	db := sql.OpenDB(mssql.NewConnectorConfig(c))
	t.Cleanup(func() {
		must(t, db.Close())
		s.AwaitClosed(t)
	})
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func exec(t testing.TB, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any,
) int64 {
	t.Helper()
	result, err := db.ExecContext(ctx(t), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	n, err := result.RowsAffected()
	must(t, err)
	return n
}

// rows runs a query and writes its result as text: a line of names and types, then the rows.
func rows(t testing.TB, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, query string, args ...any,
) string {
	t.Helper()
	rows, err := db.QueryContext(ctx(t), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	must(t, err)
	var b strings.Builder
	for i, c := range types {
		fmt.Fprintf(&b, "%s%s %s", map[bool]string{true: ", "}[i > 0], c.Name(), c.DatabaseTypeName())
	}
	for rows.Next() {
		row, to := make([]any, len(types)), make([]any, len(types))
		for i := range row {
			to[i] = &row[i]
		}
		must(t, rows.Scan(to...))
		b.WriteString("\n")
		for i, v := range row {
			if at, ok := v.(time.Time); ok {
				v = at.Format(time.RFC3339Nano)
			}
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			fmt.Fprintf(&b, "%s%v", map[bool]string{true: ", "}[i > 0], v)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return b.String()
}

package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
)

// queryOne runs a query and returns the first value of its first row. The driver gets args as they are. It does what QueryRowContext of
// a [sql.Conn] does, which cannot be closed any more after a panic of the driver: it keeps a lock.
// https://pkg.go.dev/database/sql/driver#QueryerContext
func queryOne(ctx context.Context, dc any, query string, args []any) (driver.Value, error) {
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	if queryer, ok := dc.(driver.QueryerContext); ok {
		if rows, err := queryer.QueryContext(ctx, query, named); err != driver.ErrSkip {
			return first(rows, err)
		}
	}
	stmt, err := prepareOn(ctx, dc, query)
	if err != nil {
		return nil, err
	}
	value, err := first(rowsOfStmt(ctx, stmt, named))
	return value, and(err, "; ", stmt.Close())
}

// first closes rows and returns the first value of the first one.
func first(rows driver.Rows, failed error) (value driver.Value, err error) {
	if failed != nil {
		return nil, failed
	}
	defer func() {
		if failed := rows.Close(); err == nil {
			err = failed
		}
	}()
	row := make([]driver.Value, len(rows.Columns()))
	if err = rows.Next(row); err == io.EOF || err == nil && len(row) == 0 {
		err = sql.ErrNoRows
	} else if err == nil {
		value = row[0]
	}
	if text, ok := value.([]byte); ok {
		value = string(text) // the driver may use its memory again
	}
	return value, err
}

func prepareOn(ctx context.Context, dc any, query string) (driver.Stmt, error) {
	switch dc := dc.(type) {
	case driver.ConnPrepareContext:
		return dc.PrepareContext(ctx, query)
	case driver.Conn:
		return dc.Prepare(query)
	}
	return nil, fmt.Errorf("the driver's connection is a %T, which is no driver.Conn", dc)
}

// oldStmt is what a statement of a driver without contexts can do. Package driver advises drivers against it, not those
// who call them.
type oldStmt interface {
	Query(args []driver.Value) (driver.Rows, error)
}

func rowsOfStmt(ctx context.Context, stmt driver.Stmt, args []driver.NamedValue) (driver.Rows, error) {
	if stmt, ok := stmt.(driver.StmtQueryContext); ok {
		return stmt.QueryContext(ctx, args)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(args))
	for i, arg := range args {
		values[i] = arg.Value
	}
	return oldStmt(stmt).Query(values)
}

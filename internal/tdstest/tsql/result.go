package tsql

import (
	"database/sql"
	"iter"
	"slices"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// ahead is how many rows are read to find the type of a column that says nothing of it.
const ahead = 64

// read makes a result of rows. A column has the type that the statement tells, or that it was declared with, or that
// of the first value that is not null.
func read(rows *sql.Rows, said []column) (tdstest.Result, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return tdstest.Result{}, err
	}
	if len(said) != len(types) {
		said = nil
	}
	columns := make([]tdstest.Column, len(types))
	for i, t := range types {
		columns[i] = tdstest.Column{Name: t.Name(), Type: declaredType(t.DatabaseTypeName())}
		if said == nil {
			continue
		}
		if !said[i].keep {
			columns[i].Name = said[i].name
		}
		if said[i].t != (tdstest.Type{}) {
			columns[i].Type = said[i].t
		}
	}

	var first [][]any
	more := true
	for len(first) < ahead && unknown(columns) && more {
		if more = rows.Next(); more {
			row, err := scan(rows, len(columns))
			if err != nil {
				return tdstest.Result{}, err
			}
			first = append(first, row)
			guess(columns, row)
		}
	}
	if !more && rows.Err() != nil {
		return tdstest.Result{}, rows.Err()
	}
	for i := range columns {
		if columns[i].Type == (tdstest.Type{}) {
			columns[i].Type = tdstest.Int // as SQL Server has it for a mere NULL
		}
	}
	return tdstest.Result{Columns: columns, Rows: all(rows, first, len(columns))}, nil
}

func unknown(columns []tdstest.Column) bool {
	return slices.ContainsFunc(columns, func(c tdstest.Column) bool { return c.Type == tdstest.Type{} })
}

// guess takes the types of values for columns that have none. They are wide enough for values to come.
func guess(columns []tdstest.Column, row []any) {
	for i, v := range row {
		if columns[i].Type != (tdstest.Type{}) {
			continue
		}
		switch v.(type) {
		case int64:
			columns[i].Type = tdstest.BigInt
		case float64:
			columns[i].Type = tdstest.Float
		case string:
			columns[i].Type = tdstest.NVarChar(0)
		case []byte:
			columns[i].Type = tdstest.VarBinary(0)
		}
	}
}

// all gives the rows that were read already, then the rest.
func all(rows *sql.Rows, first [][]any, columns int) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range first {
			if !yield(row, nil) {
				return
			}
		}
		for rows.Next() {
			row, err := scan(rows, columns)
			if err != nil {
				err = translated(err, false)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, translated(err, false))
		}
	}
}

func scan(rows *sql.Rows, columns int) ([]any, error) {
	row, to := make([]any, columns), make([]any, columns)
	for i := range row {
		to[i] = &row[i]
	}
	return row, rows.Scan(to...)
}

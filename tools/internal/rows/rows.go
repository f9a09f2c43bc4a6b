// Package rows writes the results of a query as a table, as CSV or as JSON. The patchbay command calls it. It
// keeps NULL apart from every text in all three, and holds at most a thousand rows at a time.
package rows

import (
	"bufio"
	"database/sql"
	"errors"
	"io"
	"strings"
)

// Writer writes result sets: for each, Header, then Row as often as there are rows, then End. Flush comes last.
type Writer interface {
	Header(names []string) error
	Row(cells []Cell) error
	End() error
	// Affected writes the number of rows that a statement without rows changed.
	Affected(n int64) error
	// Done writes that a statement without rows and without such a number was run.
	Done() error
	Flush() error
}

// formats are the writers by name; the first is the default.
var formats = []struct {
	name, about string
	writer      func(*bufio.Writer) Writer
}{
	{"table", "columns for reading", func(w *bufio.Writer) Writer { return &table{Writer: w} }},
	{"csv", "comma-separated values (RFC 4180)", func(w *bufio.Writer) Writer { return &csv{Writer: w} }},
	{"json", "an array of objects", func(w *bufio.Writer) Writer { return &jsonArray{Writer: w} }},
}

// Formats lists the names of the formats, each with a tab and a description, as shell completion takes them.
func Formats() []string {
	var list []string
	for _, f := range formats {
		list = append(list, f.name+"\t"+f.about)
	}
	return list
}

// New returns the writer of the named format.
func New(format string, w io.Writer) (Writer, error) {
	var names []string
	for _, f := range formats {
		if f.name == format {
			return f.writer(bufio.NewWriter(w)), nil
		}
		names = append(names, f.name)
	}
	return nil, errors.New("use " + strings.Join(names, ", "))
}

// Copy writes all result sets and closes src. One without columns is a statement without rows.
func Copy(dst Writer, src *sql.Rows) (err error) {
	defer func() { err = errors.Join(err, src.Close()) }()
	for {
		if err := copySet(dst, src); err != nil {
			return err
		}
		if !src.NextResultSet() {
			return src.Err()
		}
	}
}

func copySet(dst Writer, src *sql.Rows) error {
	types, err := src.ColumnTypes()
	if err != nil {
		return err
	}
	if len(types) == 0 {
		for src.Next() { // a driver may run the statement only now
		}
		if err := src.Err(); err != nil {
			return err
		}
		return dst.Done()
	}
	names := make([]string, len(types))
	values, cells := make([]any, len(types)), make([]Cell, len(types))
	targets := make([]any, len(types))
	for i, t := range types {
		names[i], targets[i] = t.Name(), &values[i]
	}
	if err := dst.Header(names); err != nil {
		return err
	}
	for src.Next() {
		if err := src.Scan(targets...); err != nil {
			return err
		}
		for i, v := range values {
			cells[i] = cellOf(v, strings.ToUpper(types[i].DatabaseTypeName()))
		}
		if err := dst.Row(cells); err != nil {
			return err
		}
	}
	if err := src.Err(); err != nil {
		return err
	}
	return dst.End()
}

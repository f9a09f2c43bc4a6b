// Package rows writes the results of a query as a table, as comma- or tab-separated values or as JSON. The patchbay
// command calls it. It keeps NULL apart from every text in all of them, and holds at most a thousand rows at a time.
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
	// Row does not keep the cells.
	Row(cells []Cell) error
	End() error
	// Affected writes the number of rows that a statement without rows changed.
	Affected(n int64) error
	// Done writes that a statement without rows and without such a number was run.
	Done() error
	Flush() error
}

// Options say how results are written, where the format has the choice.
type Options struct {
	Format   string // one of Formats
	NoHeader bool   // of table, csv and tsv; a table then has no last line with the number of rows either
	Width    int    // of the terminal, in its columns; 0 if it is none. A table is made to fit
	Expanded bool   // a table has a line for each value
	Color    bool   // a table may use the colours of a terminal
}

// formats are the writers by name; the first is the default.
var formats = []struct {
	name, about string
	writer      func(*bufio.Writer, Options) Writer
}{
	{"table", "columns for reading", func(w *bufio.Writer, o Options) Writer { return &table{Writer: w, opts: o} }},
	{"csv", "comma-separated values (RFC 4180)", func(w *bufio.Writer, o Options) Writer {
		return &separated{Writer: w, comma: ',', field: csvField, noHeader: o.NoHeader}
	}},
	{"tsv", "tab-separated values (as COPY of PostgreSQL)", func(w *bufio.Writer, o Options) Writer {
		return &separated{Writer: w, comma: '\t', field: tsvField, noHeader: o.NoHeader}
	}},
	{"json", "an array of objects", func(w *bufio.Writer, _ Options) Writer { return &objects{Writer: w, array: true} }},
	{"jsonl", "an object a line", func(w *bufio.Writer, _ Options) Writer { return &objects{Writer: w} }},
}

// Formats lists the names of the formats, each with a tab and a description, as shell completion takes them.
func Formats() []string {
	var list []string
	for _, f := range formats {
		list = append(list, f.name+"\t"+f.about)
	}
	return list
}

// New returns the writer of a format.
func New(w io.Writer, o Options) (Writer, error) {
	var names []string
	for _, f := range formats {
		if f.name == o.Format {
			return f.writer(bufio.NewWriterSize(w, 16<<10), o), nil
		}
		names = append(names, f.name)
	}
	return nil, errors.New("use " + strings.Join(names, ", "))
}

// Copy writes all result sets and closes src. It tells whether the last was one of rows: of one without
// columns, a statement without rows, nothing is written, as the caller may know more about it.
func Copy(dst Writer, src *sql.Rows) (hadRows bool, err error) {
	defer func() { err = errors.Join(err, src.Close()) }()
	for {
		if hadRows, err = CopySet(dst, src); err != nil {
			return hadRows, err
		}
		if !src.NextResultSet() {
			return hadRows, src.Err()
		}
		if !hadRows {
			if err := dst.Done(); err != nil {
				return false, err
			}
		}
	}
}

// CopySet writes one result set, and tells whether it has columns.
func CopySet(dst Writer, src *sql.Rows) (hasRows bool, err error) {
	types, err := src.ColumnTypes()
	if err != nil {
		return false, err
	}
	if len(types) == 0 {
		for src.Next() { // a driver may run the statement only now
		}
		return false, src.Err()
	}
	names, typeNames := make([]string, len(types)), make([]string, len(types))
	values, cells := make([]any, len(types)), make([]Cell, len(types))
	targets := make([]any, len(types))
	for i, t := range types {
		names[i], typeNames[i], targets[i] = t.Name(), strings.ToUpper(t.DatabaseTypeName()), &values[i]
	}
	if err := dst.Header(names); err != nil {
		return true, err
	}
	for src.Next() {
		if err := src.Scan(targets...); err != nil {
			return true, err
		}
		for i, v := range values {
			cells[i] = cellOf(v, typeNames[i])
		}
		if err := dst.Row(cells); err != nil {
			return true, err
		}
	}
	if err := src.Err(); err != nil {
		return true, err
	}
	return true, dst.End()
}

package rows_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

// set is a result set of the fake database, which fails after its rows where err is set.
type set struct {
	columns []string
	rows    [][]driver.Value
	err     error
}

// fake is a database that answers every query with the same result sets: no real one can be made to return
// each combination of them, or to fail in the middle.
type fake struct{ sets []set }

func (f fake) Connect(context.Context) (driver.Conn, error) { return f, nil }
func (f fake) Driver() driver.Driver                        { return nil }
func (f fake) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (f fake) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (f fake) Close() error                                 { return nil }

func (f fake) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &fakeRows{sets: f.sets}, nil
}

type fakeRows struct {
	sets []set
	next int
}

func (r *fakeRows) Columns() []string      { return r.sets[0].columns }
func (r *fakeRows) Close() error           { return nil }
func (r *fakeRows) HasNextResultSet() bool { return len(r.sets) > 1 }

func (r *fakeRows) NextResultSet() error {
	if !r.HasNextResultSet() {
		return io.EOF
	}
	r.sets, r.next = r.sets[1:], 0
	return nil
}

func (r *fakeRows) Next(dest []driver.Value) error {
	if r.next == len(r.sets[0].rows) {
		if err := r.sets[0].err; err != nil {
			return err
		}
		return io.EOF
	}
	copy(dest, r.sets[0].rows[r.next])
	r.next++
	return nil
}

// print writes the result sets in a format.
func print(t *testing.T, format string, sets ...set) (string, error) {
	t.Helper()
	db := sql.OpenDB(fake{sets})
	defer db.Close()
	result, err := db.Query("")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	w, err := rows.New(format, &out)
	if err != nil {
		t.Fatal(err)
	}
	err = rows.Copy(w, result)
	if flushed := w.Flush(); flushed != nil {
		t.Fatal(flushed)
	}
	return out.String(), err
}

var people = set{columns: []string{"id", "name", "note"}, rows: [][]driver.Value{
	{int64(1), "Ada", nil}, {int64(22), "Büşra", ""}, {nil, "NULL", "a,\"b\"\nc"}, {int64(-3), " x", []byte{0xff}}, {int64(4), `\xff`, "\x1b[31mred"},
}}

func TestTable(t *testing.T) {
	got, err := print(t, "table", people)
	want := `  id  name     note
----  -------  -------------
   1  Ada      NULL
  22  Büşra    ""
NULL  "NULL"   "a,\"b\"\nc"
  -3  " x"     \xff
   4  "\\xff"  "\x1b[31mred"
(5 rows)
`
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestCSV(t *testing.T) {
	got, err := print(t, "csv", people)
	want := "id,name,note\n1,Ada,\n22,Büşra,\"\"\n,NULL,\"a,\"\"b\"\"\nc\"\n-3,\" x\",\\xff\n4,\\xff,\x1b[31mred\n"
	if err != nil || got != want {
		t.Errorf("got %v\n%q\nwant\n%q", err, got, want)
	}
	if _, err := csv.NewReader(strings.NewReader(got)).ReadAll(); err != nil {
		t.Error(err)
	}
}

func TestJSON(t *testing.T) {
	got, err := print(t, "json", people)
	want := `[
{"id":1,"name":"Ada","note":null},
{"id":22,"name":"Büşra","note":""},
{"id":null,"name":"NULL","note":"a,\"b\"\nc"},
{"id":-3,"name":" x","note":"\\xff"},
{"id":4,"name":"\\xff","note":"\u001b[31mred"}
]
`
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	if !json.Valid([]byte(got)) {
		t.Error("it is not JSON")
	}
}

func TestKeysInJSONAreUnique(t *testing.T) {
	got, err := print(t, "json", set{
		columns: []string{"a", "", "a", "a_2", "", "column2", "<&>"},
		rows:    [][]driver.Value{{int64(1), int64(2), int64(3), int64(4), int64(5), int64(6), "<&>"}},
	})
	want := `[
{"a":1,"column2_2":2,"a_3":3,"a_2":4,"column5":5,"column2":6,"<&>":"<&>"}
]
`
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestSeveralResultSets(t *testing.T) {
	sets := []set{
		{columns: []string{"a"}, rows: [][]driver.Value{{int64(1)}}},
		{}, // a statement without rows between them
		{columns: []string{"b", "c"}},
	}
	for format, want := range map[string]string{
		"table": "a\n-\n1\n(1 row)\n\ndone\n\nb  c\n-  -\n(0 rows)\n",
		"csv":   "a\n1\n\nb,c\n",
		"json":  "[\n{\"a\":1}\n]\n[]\n",
	} {
		if got, err := print(t, format, sets...); err != nil || got != want {
			t.Errorf("%s: got %v\n%q\nwant\n%q", format, err, got, want)
		}
	}
}

func TestAStatementWithoutRows(t *testing.T) {
	for format, want := range map[string]string{
		"table": "2 rows affected\n\n1 row affected\n", "csv": "rows_affected\n2\n\nrows_affected\n1\n", "json": "{\"rowsAffected\":2}\n{\"rowsAffected\":1}\n",
	} {
		var out strings.Builder
		w, err := rows.New(format, &out)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Affected(2), w.Affected(1), w.Flush()); err != nil {
			t.Error(err)
		}
		if got := out.String(); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

func TestAnErrorInTheMiddleIsNoCompleteArray(t *testing.T) {
	broken := errors.New("broken")
	for _, format := range []string{"table", "csv", "json"} {
		got, err := print(t, format, set{columns: []string{"a"}, rows: [][]driver.Value{{int64(1)}}, err: broken})
		if !errors.Is(err, broken) {
			t.Errorf("%s: the error is %v", format, err)
		}
		if format == "json" && (json.Valid([]byte(got)) || !strings.Contains(got, `{"a":1}`)) {
			t.Errorf("got %q", got)
		}
		if format == "table" && strings.Contains(got, "rows)") {
			t.Errorf("got %q", got)
		}
	}
	if _, err := print(t, "csv", set{err: broken}); !errors.Is(err, broken) {
		t.Errorf("of a statement without rows: %v", err)
	}
}

// A table of any length is written page by page; its columns stay in line.
func TestALongTable(t *testing.T) {
	var long set
	long.columns = []string{"n", "text"}
	for i := range 2500 {
		long.rows = append(long.rows, []driver.Value{int64(i), strings.Repeat("x", 1+i/1000)})
	}
	got, err := print(t, "table", long)
	lines := strings.Split(got, "\n")
	if err != nil || len(lines) != 2+2500+2 || lines[0] != "  n  text" || lines[2+999] != "999  x" || lines[2+1000] != "1000  xx" || lines[2+2499] != "2499  xxx" || lines[2502] != "(2500 rows)" {
		t.Errorf("got %v and %d lines: %q", err, len(lines), slices.Concat(lines[:3], lines[1000:1004], lines[2500:]))
	}
}

// Rows are written while they arrive, not at the end: of many, the first are out before the last is read.
func TestCSVAndJSONStream(t *testing.T) {
	for _, format := range []string{"csv", "json"} {
		var out strings.Builder
		w, err := rows.New(format, &out)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Header([]string{"n"}); err != nil {
			t.Fatal(err)
		}
		for i := range 10_000 {
			if err := w.Row([]rows.Cell{{Text: strconv.Itoa(i), Kind: rows.Number}}); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(out.String(), "5000") {
			t.Errorf("%s: nothing is out yet", format)
		}
	}
}

func TestAFullDiskIsAnError(t *testing.T) {
	for _, format := range []string{"table", "csv", "json"} {
		w, err := rows.New(format, full{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Header([]string{"n"}), w.Row([]rows.Cell{{Text: "1"}}), w.End()); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestAnUnknownFormatNamesThoseThereAre(t *testing.T) {
	if _, err := rows.New("xml", io.Discard); err == nil || err.Error() != "use table, csv, json" {
		t.Errorf("got %v", err)
	}
}

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
	w, err := rows.New(&out, rows.Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rows.Copy(w, result)
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
		"tsv":   "a\n1\n\nb\tc\n",
		"jsonl": "{\"a\":1}\n",
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
		w, err := rows.New(&out, rows.Options{Format: format})
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
	for _, format := range []string{"csv", "tsv", "json", "jsonl"} {
		var out strings.Builder
		w, err := rows.New(&out, rows.Options{Format: format})
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
	for _, format := range []string{"table", "csv", "tsv", "json", "jsonl"} {
		w, err := rows.New(full{}, rows.Options{Format: format})
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
	if _, err := rows.New(io.Discard, rows.Options{Format: "xml"}); err == nil || err.Error() != "use table, csv, tsv, json, jsonl" {
		t.Errorf("got %v", err)
	}
}

// display prints one result set with options.
func display(t *testing.T, o rows.Options, names []string, all ...[]rows.Cell) string {
	t.Helper()
	var out strings.Builder
	w, err := rows.New(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(names); err != nil {
		t.Fatal(err)
	}
	for _, row := range all {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.End(), w.Flush()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func text(s string) rows.Cell { return rows.Cell{Text: s, Kind: rows.Text} }

// TestG6Width: columns are as wide as a terminal shows them.
func TestG6Width(t *testing.T) {
	got := display(t, rows.Options{Format: "table"}, []string{"名前", "x"},
		[]rows.Cell{text("日本語"), text("a")},
		[]rows.Cell{text("👩\u200d👧 ok"), text("b")},
		[]rows.Cell{text("e\u0301te\u0301"), text("c")},
		[]rows.Cell{text("a\u202eb"), text("d")})
	want := "名前        x\n----------  -\n日本語      a\n👩\u200d👧 ok       b\ne\u0301te\u0301         c\n\"a\\u202eb\"  d\n(4 rows)\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestG6Narrow: a table fits the terminal, by cutting what is long or, where little would be left, a line for each value.
func TestG6Narrow(t *testing.T) {
	long := strings.Repeat("x", 60)
	got := display(t, rows.Options{Format: "table", Width: 40}, []string{"id", "text"}, []rows.Cell{{Text: "1", Kind: rows.Number}, text(long)})
	want := "id  text\n--  ------------------------------------\n 1  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\n(1 row)\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := display(t, rows.Options{Format: "table", Width: 20}, []string{"a"}, []rows.Cell{text(strings.Repeat("語", 20))}); !strings.Contains(got, strings.Repeat("語", 9)+"…\n") {
		t.Errorf("got\n%s", got)
	}
	var names []string
	var wide []rows.Cell
	for i := range 30 {
		names, wide = append(names, "column"+strconv.Itoa(i)), append(wide, text("value of "+strconv.Itoa(i)))
	}
	got = display(t, rows.Options{Format: "table", Width: 80}, names, wide)
	if !strings.HasPrefix(got, "-- row 1 -\ncolumn0   value of 0\n") || strings.Count(got, "\n") != 32 {
		t.Errorf("got\n%s", got)
	}
	if plain := display(t, rows.Options{Format: "table"}, names, wide); strings.Count(plain, "\n") != 4 {
		t.Errorf("without a terminal it is\n%s", plain)
	}
	got = display(t, rows.Options{Format: "table", Expanded: true, Color: true}, []string{"a", "b2"}, []rows.Cell{{Text: "NULL"}, text("x")})
	if want := "-- row 1 \n\x1b[1ma\x1b[0m   \x1b[2mNULL\x1b[0m\n\x1b[1mb2\x1b[0m  x\n(1 row)\n"; got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// TestG6JSON: what is JSON in the database is JSON, and a number a number whatever its precision.
func TestG6JSON(t *testing.T) {
	names := []string{"j", "n", "bad"}
	row := []rows.Cell{{Text: "{\"a\": [1, null]}", Kind: rows.JSON}, rows.NumberCell("12345678901234567890.50"), {Text: "{", Kind: rows.JSON}}
	for format, want := range map[string]string{
		"json":  "[\n{\"j\":{\"a\":[1,null]},\"n\":12345678901234567890.50,\"bad\":\"{\"}\n]\n",
		"jsonl": "{\"j\":{\"a\":[1,null]},\"n\":12345678901234567890.50,\"bad\":\"{\"}\n",
		"tsv":   "j\tn\tbad\n{\"a\": [1, null]}\t12345678901234567890.50\t{\n",
	} {
		if got := display(t, rows.Options{Format: format}, names, row); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
	for _, text := range []string{"NaN", "Infinity", "$1.00", "", "01", "1,5", "-"} {
		if c := rows.NumberCell(text); c.Kind != rows.Text || c.Text != text {
			t.Errorf("%q is %+v", text, c)
		}
	}
}

func TestWithoutAHeader(t *testing.T) {
	for format, want := range map[string]string{"table": "x\n", "csv": "x\n", "tsv": "x\n"} {
		if got := display(t, rows.Options{Format: format, NoHeader: true}, []string{"long name"}, []rows.Cell{text("x")}); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
	got := display(t, rows.Options{Format: "tsv"}, []string{"a"}, []rows.Cell{text("\t\\N\n")}, []rows.Cell{{Text: "NULL"}}, []rows.Cell{text("NULL")})
	if want := "a\n\\t\\\\N\\n\n\\N\nNULL\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

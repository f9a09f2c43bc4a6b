package tdstest_test

import (
	"database/sql"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

var (
	zone = time.FixedZone("", 5*3600+30*60)
	at   = time.Date(2024, 2, 29, 23, 59, 59, 123456700, zone)
	wall = time.Date(2024, 2, 29, 23, 59, 59, 123456700, time.UTC)
)

// results are values that the server sends, and what go-mssqldb makes of them.
var results = []struct {
	tdstest.Type
	value, want any
}{
	{tdstest.Bit, true, true},
	{tdstest.Bit, 0, false},
	{tdstest.TinyInt, 255, int64(255)},
	{tdstest.SmallInt, -32768, int64(-32768)},
	{tdstest.Int, math.MinInt32, int64(math.MinInt32)},
	{tdstest.BigInt, math.MinInt64, int64(math.MinInt64)},
	{tdstest.BigInt, math.MaxInt64, int64(math.MaxInt64)},
	{tdstest.Real, 0.5, 0.5},
	{tdstest.Float, -math.MaxFloat64, -math.MaxFloat64},
	{tdstest.Decimal(5, 2), "-1.005", []byte("-1.01")},
	{tdstest.Decimal(9, 0), "999999999", []byte("999999999")},
	{tdstest.Decimal(19, 9), 0.5, []byte("0.500000000")},
	{tdstest.Decimal(28, 1), 7, []byte("7.0")},
	{tdstest.Decimal(38, 38), "-0.00000000000000000000000000000000000001", []byte("-0.00000000000000000000000000000000000001")},
	{tdstest.Decimal(38, 0), "99999999999999999999999999999999999999", []byte("99999999999999999999999999999999999999")},
	{tdstest.SmallMoney, "-214748.3648", []byte("-214748.3648")},
	{tdstest.Money, "922337203685477.5807", []byte("922337203685477.5807")},
	{tdstest.Money, "-1", []byte("-1.0000")},
	{tdstest.NVarChar(10), "", ""},
	{tdstest.NVarChar(10), "naïve 😀", "naïve 😀"},
	{tdstest.NVarChar(4000), strings.Repeat("é", 4000), strings.Repeat("é", 4000)},
	{tdstest.NVarChar(0), "", ""},
	{tdstest.NVarChar(0), strings.Repeat("é😀", 9000), strings.Repeat("é😀", 9000)},
	{tdstest.NChar(3), "é", "é  "},
	{tdstest.VarChar(10), "naïve € ☃", "naïve € ?"},
	{tdstest.VarChar(8000), strings.Repeat("x", 8000), strings.Repeat("x", 8000)},
	{tdstest.VarChar(0), strings.Repeat("x", 8001), strings.Repeat("x", 8001)},
	{tdstest.Char(3), "a", "a  "},
	{tdstest.VarBinary(3), []byte{0, 1, 255}, []byte{0, 1, 255}},
	{tdstest.VarBinary(3), []byte{}, []byte{}},
	{tdstest.VarBinary(0), []byte(strings.Repeat("y", 1<<20)), []byte(strings.Repeat("y", 1<<20))},
	{tdstest.Binary(3), []byte{1}, []byte{1, 0, 0}},
	{tdstest.DateTimeOffset(7), at, at},
	{tdstest.DateTimeOffset(0), at, at.Truncate(time.Second)},
	{tdstest.DateTimeOffset(3), "2024-02-29T23:59:59.1235+05:30", at.Truncate(time.Second).Add(124 * time.Millisecond)},
	{tdstest.DateTime2(7), at, wall},
	{tdstest.DateTime2(4), at, wall.Truncate(time.Second).Add(123500 * time.Microsecond)},
	{tdstest.DateTime2(2), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
	{tdstest.DateTime2(0), "9999-12-31 23:59:59", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	{tdstest.DateTime, at, wall.Truncate(time.Second).Add(123 * time.Millisecond)},
	{tdstest.DateTime, "1753-01-01 00:00:00.997", time.Date(1753, 1, 1, 0, 0, 0, 997e6, time.UTC)},
	{tdstest.DateTime, "1999-12-31 23:59:59.999", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
	{tdstest.SmallDateTime, "2024-02-29 12:34:31", time.Date(2024, 2, 29, 12, 35, 0, 0, time.UTC)},
	{tdstest.Date, at, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
	{tdstest.Date, "9999-12-31", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)},
	{tdstest.Time(7), at, time.Date(1, 1, 1, 23, 59, 59, 123456700, time.UTC)},
	{tdstest.Time(1), "12:34", time.Date(1, 1, 1, 12, 34, 0, 0, time.UTC)},
	{tdstest.UniqueIdentifier, "6F9619FF-8B86-D011-B42D-00CF4FC964FF", mssql.UniqueIdentifier{
		0x6F, 0x96, 0x19, 0xFF, 0x8B, 0x86, 0xD0, 0x11, 0xB4, 0x2D, 0x00, 0xCF, 0x4F, 0xC9, 0x64, 0xFF,
	}},
}

// one asks for the only value of a result.
func one(t testing.TB, db *sql.DB, query string, to any) *sql.ColumnType {
	t.Helper()
	rows, err := db.QueryContext(ctx(t), query)
	must(t, err)
	defer rows.Close()
	types, err := rows.ColumnTypes()
	must(t, err)
	if !rows.Next() {
		t.Fatalf("%s has no row: %v", query, rows.Err())
	}
	must(t, rows.Scan(to))
	return types[0]
}

func TestResultsOfEveryTypeArriveAsTheyWereSent(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	for i, r := range results {
		for _, notNull := range []bool{false, true} {
			t.Run(fmt.Sprint(i, r.Type, notNull), func(t *testing.T) {
				s.Handle("select value", tdstest.Rows([]tdstest.Column{{Name: "v", Type: r.Type, NotNull: notNull}}, []any{r.value}).Always())
				got := reflect.New(reflect.TypeOf(r.want))
				one(t, db, "select value", got.Interface())
				if v := got.Elem().Interface(); !same(v, r.want) {
					t.Errorf("%.100v arrived as %.100v, and not as %.100v", r.value, v, r.want)
				}
			})
		}
	}
}

func same(a, b any) bool {
	if x, ok := a.(time.Time); ok {
		y := b.(time.Time)
		_, offset := x.Zone()
		_, want := y.Zone()
		return x.Equal(y) && offset == want
	}
	return reflect.DeepEqual(a, b)
}

func TestNullIsNullInEveryType(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	var columns []tdstest.Column
	for i, r := range results {
		columns = append(columns, tdstest.Column{Name: fmt.Sprint("c", i), Type: r.Type})
	}
	// All null goes as NBCROW, one null among values as ROW.
	rows := [][]any{make([]any, len(columns)), nil, nil}
	for i, r := range results {
		v := r.value
		rows[1] = append(rows[1], v)
		if i == 0 {
			v = nil
		}
		rows[2] = append(rows[2], v)
	}
	s.Handle("select nulls", tdstest.Rows(columns, rows...).Always())
	got, err := db.QueryContext(ctx(t), "select nulls")
	must(t, err)
	defer got.Close()
	for n := 0; got.Next(); n++ {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		must(t, got.Scan(to...))
		for i, v := range values {
			if null := rows[n][i] == nil; null != (v == nil) {
				t.Errorf("row %d, %s: %v", n, columns[i].Type, v)
			}
		}
	}
	must(t, got.Err())
}

func TestColumnsSayWhatTheyAre(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	for _, c := range []struct {
		tdstest.Type
		name   string
		length int64
	}{
		{tdstest.NVarChar(20), "NVARCHAR", 20},
		{tdstest.NVarChar(0), "NVARCHAR", 1<<30 - 2},
		{tdstest.VarBinary(20), "VARBINARY", 20},
		{tdstest.BigInt, "BIGINT", 0},
		{tdstest.DateTimeOffset(3), "DATETIMEOFFSET", 0},
	} {
		for _, notNull := range []bool{false, true} {
			s.Handle("select c", tdstest.Rows([]tdstest.Column{{Name: "the name", Type: c.Type, NotNull: notNull}}, []any{nil}).Always())
			if notNull {
				s.Handle("select c", tdstest.Rows([]tdstest.Column{{Name: "the name", Type: c.Type, NotNull: notNull}}).Always())
			}
			rows, err := db.QueryContext(ctx(t), "select c")
			must(t, err)
			types, err := rows.ColumnTypes()
			must(t, err)
			length, _ := types[0].Length()
			nullable, _ := types[0].Nullable()
			if got := types[0]; got.Name() != "the name" || got.DatabaseTypeName() != c.name || length != c.length || nullable == notNull {
				t.Errorf("%s is %s %s(%d), null: %t", c.Type, got.Name(), got.DatabaseTypeName(), length, nullable)
			}
			must(t, rows.Close())
		}
	}
}

func TestAValueThatDoesNotFitFailsTheQuery(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	for _, c := range []struct {
		tdstest.Type
		value any
		want  int32
	}{
		{tdstest.TinyInt, 256, 8115},
		{tdstest.Int, int64(math.MaxInt32 + 1), 8115},
		{tdstest.Int, "seven", 245},
		{tdstest.Float, "seven", 8114},
		{tdstest.Decimal(3, 1), "100", 8115},
		{tdstest.SmallMoney, "214748.3648", 8115},
		{tdstest.NVarChar(1), "ab", 8152},
		{tdstest.VarBinary(1), []byte("ab"), 8152},
		{tdstest.DateTime, "1752-12-31", 8115},
		{tdstest.SmallDateTime, "2079-06-07", 8115},
		{tdstest.Date, "the day", 241},
		{tdstest.UniqueIdentifier, "6F96", 8169},
	} {
		s.Handle("select bad", tdstest.Rows([]tdstest.Column{{Type: c.Type}}, []any{c.value}).Always())
		err := db.QueryRowContext(ctx(t), "select bad").Scan(new(any))
		if got := numbers(err); len(got) != 1 || got[0] != c.want {
			t.Errorf("%v as %s gives %v, and not %d", c.value, c.Type, err, c.want)
		}
	}
}

func TestDeclarationsAreReadAsTheyAreWritten(t *testing.T) {
	for _, r := range results {
		if got, err := tdstest.ParseType(r.Type.String()); err != nil || got != r.Type {
			t.Errorf("%s is read as %s: %v", r.Type, got, err)
		}
	}
	for declaration, want := range map[string]string{
		"INTEGER": "int", " [nvarchar] ( 7 ) ": "nvarchar(7)", "nvarchar": "nvarchar(1)", "NVarChar(MAX)": "nvarchar(max)",
		"decimal": "decimal(18, 0)", "numeric(5)": "numeric(5, 0)", "dec(5,5)": "decimal(5, 5)", "float(24)": "real", "float(25)": "float",
		"double precision": "float", "datetime2": "datetime2(7)", "time(0)": "time(0)", "text": "varchar(max)", "sysname": "nvarchar(128)",
	} {
		if got, err := tdstest.ParseType(declaration); err != nil || got.String() != want {
			t.Errorf("%q is read as %s: %v", declaration, got, err)
		}
	}
	for _, bad := range []string{"", "nope", "nvarchar(4001)", "nvarchar(0)", "varchar(x)", "char(max)", "decimal(39)", "decimal(5,6)", "time(8)", "int(4)", "float(54)", "nvarchar(1,2)"} {
		if got, err := tdstest.ParseType(bad); err == nil {
			t.Errorf("%q is read as %s", bad, got)
		}
	}
}

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
	{tdstest.Bit, false, false},
	{tdstest.Int, math.MinInt32, int64(math.MinInt32)},
	{tdstest.BigInt, int64(math.MinInt64), int64(math.MinInt64)},
	{tdstest.BigInt, int64(math.MaxInt64), int64(math.MaxInt64)},
	{tdstest.Float, -math.MaxFloat64, -math.MaxFloat64},
	{tdstest.Decimal(5, 2), "-1.01", []byte("-1.01")},
	{tdstest.Decimal(18, 0), "999999999999999999", []byte("999999999999999999")},
	{tdstest.NVarChar(10), "", ""},
	{tdstest.NVarChar(10), "naïve 😀", "naïve 😀"},
	{tdstest.NVarChar(4000), strings.Repeat("é", 4000), strings.Repeat("é", 4000)},
	{tdstest.NVarChar(0), "", ""},
	{tdstest.NVarChar(0), strings.Repeat("é😀", 9000), strings.Repeat("é😀", 9000)},
	{tdstest.VarBinary(3), []byte{0, 1, 255}, []byte{0, 1, 255}},
	{tdstest.VarBinary(3), []byte{}, []byte{}},
	{tdstest.VarBinary(0), []byte(strings.Repeat("y", 1<<20)), []byte(strings.Repeat("y", 1<<20))},
	{tdstest.DateTimeOffset(7), at, at},
	{tdstest.DateTimeOffset(0), at, at.Truncate(time.Second)},
	{tdstest.DateTime2(7), at, wall},
	{tdstest.DateTime2(2), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
	{tdstest.DateTime2(0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	{tdstest.DateTime, at, wall.Truncate(time.Second).Add(123 * time.Millisecond)},
	{tdstest.Date, at, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
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
		t.Run(fmt.Sprint(i, r.Type), func(t *testing.T) {
			s.Handle("select value", tdstest.Rows([]tdstest.Column{{Name: "v", Type: r.Type}}, []any{r.value}).Always())
			got := reflect.New(reflect.TypeOf(r.want))
			one(t, db, "select value", got.Interface())
			if v := got.Elem().Interface(); !same(v, r.want) {
				t.Errorf("%.100v arrived as %.100v, and not as %.100v", r.value, v, r.want)
			}
		})
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
		s.Handle("select c", tdstest.Rows([]tdstest.Column{{Name: "the name", Type: c.Type}}, []any{nil}).Always())
		got := one(t, db, "select c", new(any))
		length, _ := got.Length()
		if got.Name() != "the name" || got.DatabaseTypeName() != c.name || length != c.length {
			t.Errorf("%s is %s %s(%d)", c.Type, got.Name(), got.DatabaseTypeName(), length)
		}
	}
}

// What a script gets wrong fails the query that it answers, and is no other value.
func TestAValueThatDoesNotFitFailsTheQuery(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	for _, c := range []struct {
		tdstest.Type
		row []any
	}{
		{tdstest.Int, []any{int64(math.MaxInt32 + 1)}},
		{tdstest.Int, []any{"7"}},
		{tdstest.Float, []any{7}},
		{tdstest.Decimal(10, 2), []any{"1.2"}},
		{tdstest.NVarChar(1), []any{"ab"}},
		{tdstest.VarBinary(1), []any{[]byte("ab")}},
		{tdstest.Date, []any{"2024-02-29"}},
		{tdstest.DateTime2(0), []any{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{tdstest.UniqueIdentifier, []any{"6F96"}},
		{tdstest.Int, []any{1, 2}},
	} {
		s.Handle("select bad", tdstest.Rows([]tdstest.Column{{Type: c.Type}}, c.row).Always())
		err := db.QueryRowContext(ctx(t), "select bad").Scan(new(any))
		if got := numbers(err); len(got) != 1 || got[0] != 50000 {
			t.Errorf("%v as %s gives %v", c.row, c.Type, err)
		}
	}
}

package tdstest_test

import (
	"bytes"
	"database/sql"
	"reflect"
	"strings"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// last is the last request of the last connection.
func last(t testing.TB, s *tdstest.Server) tdstest.Request {
	t.Helper()
	list := s.Connections()
	requests := list[len(list)-1].Requests
	return requests[len(requests)-1]
}

func civil(t testing.TB, at time.Time) (mssql.NullDate, mssql.NullDateTime, mssql.NullTime) {
	var (
		d  mssql.NullDate
		dt mssql.NullDateTime
		tm mssql.NullTime
	)
	must(t, d.Scan(at))
	must(t, dt.Scan(at))
	must(t, tm.Scan(at))
	return d, dt, tm
}

func TestParametersAreReadAsTheyWereBound(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("select @p1", tdstest.Affected(1).Always())
	db := open(t, config(t, s))
	d, dt, tm := civil(t, wall)
	guid := mssql.UniqueIdentifier{0x6F, 0x96, 0x19, 0xFF, 0x8B, 0x86, 0xD0, 0x11, 0xB4, 0x2D, 0x00, 0xCF, 0x4F, 0xC9, 0x64, 0xFF}
	long, bytes8001 := strings.Repeat("é😀", 9000), bytes.Repeat([]byte{7}, 8001)
	for _, c := range []struct {
		value any
		typ   string
		want  any
	}{
		{nil, "null", nil},
		{true, "bit", true},
		{sql.NullBool{}, "bit", nil},
		{7, "bigint", int64(7)},
		{int64(-1 << 63), "bigint", int64(-1 << 63)},
		{int32(-7), "int", int64(-7)},
		{int16(-7), "smallint", int64(-7)},
		{byte(255), "tinyint", int64(255)},
		{sql.NullInt64{}, "bigint", nil},
		{0.1, "float", 0.1},
		{float32(0.5), "real", 0.5},
		{"", "nvarchar(max)", ""},
		{"naïve 😀", "nvarchar(8)", "naïve 😀"},
		{long, "nvarchar(max)", long},
		{mssql.VarChar("abc"), "varchar(3)", "abc"},
		{mssql.VarCharMax("abc"), "varchar(max)", "abc"},
		{mssql.NVarCharMax("äbc"), "nvarchar(max)", "äbc"},
		{mssql.NChar("äbc"), "nchar(3)", "äbc"},
		{[]byte{}, "varbinary(max)", []byte{}},
		{[]byte(nil), "varbinary(max)", nil},
		{[]byte{0, 255}, "varbinary(2)", []byte{0, 255}},
		{bytes8001, "varbinary(max)", bytes8001},
		{at, "datetimeoffset(7)", at},
		{mssql.DateTimeOffset(at), "datetimeoffset(7)", at},
		{mssql.DateTime1(wall), "datetime", wall.Truncate(time.Second).Add(123 * time.Millisecond)},
		{d, "date", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
		{dt, "datetime2(7)", wall},
		{tm, "time(7)", time.Date(1, 1, 1, 23, 59, 59, 123456700, time.UTC)},
		{guid, "uniqueidentifier", "6F9619FF-8B86-D011-B42D-00CF4FC964FF"},
		{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "datetimeoffset(7)", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if _, err := db.ExecContext(ctx(t), "select @p1", c.value); err != nil {
			t.Errorf("%.50v: %v", c.value, err)
			continue
		}
		req := last(t, s)
		if req.Kind != tdstest.RPC || req.Proc != "sp_executesql" || req.SQL != "select @p1" || len(req.Params) != 1 {
			t.Fatalf("%.50v came as %+v", c.value, req)
		}
		p := req.Params[0]
		if p.Name != "@p1" || p.Output || p.Type.String() != c.typ || !sameParam(p.Value, c.want) {
			t.Errorf("%T %.50v came as %s %s %.50v, and not as %s", c.value, c.value, p.Name, p.Type, p.Value, c.typ)
		}
	}
}

func sameParam(got, want any) bool {
	if at, ok := want.(time.Time); ok {
		_, ok := got.(time.Time)
		return ok && same(got, at)
	}
	return reflect.DeepEqual(got, want)
}

func TestManyParametersKeepTheirNamesAndOrder(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("x", tdstest.Response{}.Always())
	s.Handle("select @a, @p2, @c", tdstest.Affected(0).Always())
	if _, err := open(t, config(t, s)).ExecContext(ctx(t), "select @a, @p2, @c", sql.Named("a", 1), "two", sql.Named("c", nil)); err != nil {
		t.Fatal(err)
	}
	req := last(t, s)
	var names []string
	for _, p := range req.Params {
		names = append(names, p.Name+" "+p.Type.String())
	}
	if want := []string{"@a bigint", "@p2 nvarchar(3)", "@c null"}; !reflect.DeepEqual(names, want) {
		t.Errorf("the parameters are %q, and not %q", names, want)
	}
}

func TestATableIsAParameter(t *testing.T) {
	type row struct {
		ID   int64
		Name string
		At   *time.Time
		Skip string `tvp:"-"`
		Data []byte
	}
	s := start(t, tdstest.Options{})
	s.Handle("exec proc @p1", tdstest.Affected(2).Always())
	tvp := mssql.TVP{TypeName: "dbo.Rows", Value: []row{{1, "one", &wall, "", []byte{1}}, {2, "zwö", nil, "", nil}}}
	if _, err := open(t, config(t, s)).ExecContext(ctx(t), "exec proc @p1", tvp); err != nil {
		t.Fatal(err)
	}
	got, ok := last(t, s).Params[0].Value.(*tdstest.Table)
	if !ok || got.Name != "dbo.Rows" || len(got.Columns) != 4 || len(got.Rows) != 2 {
		t.Fatalf("the table came as %+v", got)
	}
	if r := got.Rows[0]; r[0] != int64(1) || r[1] != "one" || !same(r[2], wall) || !reflect.DeepEqual(r[3], []byte{1}) {
		t.Errorf("its first row came as %v", r)
	}
	if r := got.Rows[1]; !reflect.DeepEqual(r, []any{int64(2), "zwö", nil, nil}) {
		t.Errorf("its second row came as %v", r)
	}
}

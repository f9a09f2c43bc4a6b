package tdstest_test

import (
	"bytes"
	"context"
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

func TestParametersAreReadAsTheyWereBound(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("select @p1", tdstest.Affected(1).Always())
	db := open(t, config(t, s))
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
		{"", "nvarchar(max)", ""},
		{"naïve 😀", "nvarchar(8)", "naïve 😀"},
		{long, "nvarchar(max)", long},
		{mssql.VarChar("abc"), "varchar(3)", "abc"},
		{mssql.VarCharMax("abc"), "varchar(max)", "abc"},
		{[]byte{}, "varbinary(max)", []byte{}},
		{[]byte(nil), "varbinary(max)", nil},
		{[]byte{0, 255}, "varbinary(2)", []byte{0, 255}},
		{bytes8001, "varbinary(max)", bytes8001},
		{at, "datetimeoffset(7)", at},
		{mssql.DateTimeOffset(at), "datetimeoffset(7)", at},
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
		if p.Name != "@p1" || p.Type.String() != c.typ || !sameParam(p.Value, c.want) {
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

// A parameter of a type that the server does not read is refused, and the connection goes on.
func TestAParameterThatIsNotReadFailsTheRequest(t *testing.T) {
	s := start(t, tdstest.Options{})
	conn := session(t, config(t, s))
	_, err := conn.ExecContext(ctx(t), "select @p1", mssql.DateTime1(wall))
	if !reflect.DeepEqual(numbers(err), []int32{8009}) || !strings.Contains(err.Error(), "does not read parameters of datetime") {
		t.Errorf("it fails with %v", err)
	}
	must(t, conn.PingContext(ctx(t)))
}

func TestManyParametersKeepTheirNamesAndOrder(t *testing.T) {
	s := start(t, tdstest.Options{})
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

func TestAProcedureIsCalledByItsName(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("dbo.twice", func(_ context.Context, q tdstest.Query) tdstest.Response {
		return tdstest.Rows([]tdstest.Column{{Name: "n", Type: tdstest.BigInt}}, []any{2 * q.Param("@n").(int64)})
	})
	db := open(t, config(t, s))
	var n int
	must(t, db.QueryRowContext(ctx(t), "dbo.twice", sql.Named("n", 21)).Scan(&n))
	if req := last(t, s); n != 42 || req.Kind != tdstest.RPC || req.Proc != "dbo.twice" || req.SQL != "" {
		t.Errorf("it gives %d, and came as %+v", n, req)
	}
	if _, err := db.ExecContext(ctx(t), "dbo.missing"); !reflect.DeepEqual(numbers(err), []int32{50000}) {
		t.Errorf("a procedure that nothing answers gives %v", err)
	}
}

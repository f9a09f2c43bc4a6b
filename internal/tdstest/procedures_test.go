package tdstest_test

import (
	"context"
	"database/sql"
	"reflect"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

func TestAProcedureIsCalledByItsName(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("dbo.twice", func(_ context.Context, q tdstest.Query) tdstest.Response {
		n := q.Param("@n").(int64)
		return tdstest.Response{
			Results: append(tdstest.Rows([]tdstest.Column{{Name: "n", Type: tdstest.Int}}, []any{n}).Results, tdstest.Result{Count: 3}),
			Outputs: []tdstest.Param{{Name: "@twice", Value: 2 * n}, {Name: "@text", Type: tdstest.NVarChar(0), Value: "zwö"}},
			Return:  7,
		}
	})
	db := open(t, config(t, s))
	var (
		twice  int64
		text   string
		status mssql.ReturnStatus
	)
	result, err := db.ExecContext(ctx(t), "dbo.twice",
		sql.Named("n", 21), sql.Named("twice", sql.Out{Dest: &twice}), sql.Named("text", sql.Out{Dest: &text}), &status)
	must(t, err)
	n, err := result.RowsAffected()
	must(t, err)
	if twice != 42 || text != "zwö" || status != 7 || n != 4 { // a row, and three more
		t.Errorf("it gives %d, %q, returns %d and changes %d rows", twice, text, status, n)
	}
	req := last(t, s)
	if req.Proc != "dbo.twice" || len(req.Params) != 3 || req.Params[0].Output || !req.Params[1].Output || req.Params[1].Name != "@twice" {
		t.Errorf("the call came as %+v", req)
	}
	if _, err := db.ExecContext(ctx(t), "dbo.missing"); !reflect.DeepEqual(numbers(err), []int32{2812}) {
		t.Errorf("a missing procedure gives %v", err)
	}
}

func TestStatementsArePreparedOnTheServer(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("select @a + @b", func(_ context.Context, q tdstest.Query) tdstest.Response {
		return tdstest.Rows([]tdstest.Column{{Name: "sum", Type: tdstest.BigInt}}, []any{q.Param("@a").(int64) + q.Param("@b").(int64)})
	})
	conn := session(t, config(t, s)) // handles belong to a session

	sum := func(proc string, args ...any) (n int64) {
		t.Helper()
		must(t, conn.QueryRowContext(ctx(t), proc, args...).Scan(&n))
		return n
	}
	run := func(proc string, args ...any) error {
		_, err := conn.ExecContext(ctx(t), proc, args...)
		return err
	}
	var handle, second int32
	must(t, run("sp_prepare", sql.Named("handle", sql.Out{Dest: &handle}), "@a bigint, @b bigint", "select @a + @b", 1))
	if n := sum("sp_execute", handle, sql.Named("b", 2), sql.Named("a", 40)); n != 42 {
		t.Errorf("by name it is %d", n)
	}
	if n := sum("sp_execute", handle, 1, 2); n != 3 {
		t.Errorf("by place it is %d", n)
	}
	must(t, run("sp_prepexec", sql.Named("handle", sql.Out{Dest: &second}), "@a bigint, @b bigint", "select @a + @b", 20, 3))
	if second == handle || second == 0 {
		t.Errorf("the handles are %d and %d", handle, second)
	}
	must(t, run("sp_unprepare", handle))
	if err := run("sp_execute", handle, 1, 2); !reflect.DeepEqual(numbers(err), []int32{8179}) {
		t.Errorf("a handle that is given back gives %v", err)
	}
	if n := sum("sp_execute", second, 1, 1); n != 2 {
		t.Errorf("the other is %d", n)
	}
	if err := run("sp_prepare", 1); !reflect.DeepEqual(numbers(err), []int32{201}) {
		t.Errorf("too few parameters give %v", err)
	}
}

func TestAPreparedStatementOfThePoolRunsOnAnyConnection(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("select @p1", func(_ context.Context, q tdstest.Query) tdstest.Response {
		return tdstest.Rows([]tdstest.Column{{Type: q.Params[0].Type}}, []any{q.Params[0].Value})
	})
	db := open(t, config(t, s))
	stmt, err := db.PrepareContext(ctx(t), "select @p1")
	must(t, err)
	defer stmt.Close()
	for _, want := range []string{"one", "two"} {
		var got string
		must(t, stmt.QueryRowContext(ctx(t), want).Scan(&got))
		if got != want {
			t.Errorf("%q came back as %q", want, got)
		}
	}
}

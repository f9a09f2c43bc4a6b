package tdstest_test

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

var number = []tdstest.Column{{Name: "n", Type: tdstest.Int}}

func TestTheLastHandlerForATextAnswers(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	ask := func(query string) (n int) {
		t.Helper()
		must(t, db.QueryRowContext(ctx(t), query).Scan(&n))
		return n
	}
	s.HandleMatch(regexp.MustCompile(`(?i)from users`), tdstest.Rows(number, []any{1}).Always())
	s.Handle("Select N from Users;", tdstest.Rows(number, []any{2}).Always())
	if n := ask("  select n from users ;\n"); n != 2 {
		t.Errorf("the text gives %d", n)
	}
	if n := ask("select m from users"); n != 1 {
		t.Errorf("the pattern gives %d", n)
	}
	s.Handle("select n from users", tdstest.Rows(number, []any{3}).Always())
	if n := ask("select n from users"); n != 3 {
		t.Errorf("after another handler the text gives %d", n)
	}
	if n := ask("select 1"); n != 1 {
		t.Errorf("1 is %d", n)
	}
	err := db.QueryRowContext(ctx(t), "select 2").Err()
	if got := numbers(err); !reflect.DeepEqual(got, []int32{50000}) || !strings.Contains(err.Error(), `nothing answers "select 2"`) {
		t.Errorf("what nobody answers gives %v", err)
	}
}

func TestAHandlerKnowsWhoAsks(t *testing.T) {
	s := start(t, tdstest.Options{})
	var got tdstest.Query
	s.Handle("who", func(_ context.Context, q tdstest.Query) tdstest.Response { got = q; return tdstest.Affected(0) })
	s.Handle("select @p1", func(_ context.Context, q tdstest.Query) tdstest.Response { got = q; return tdstest.Affected(0) })
	conn := session(t, config(t, s))
	tx, err := conn.BeginTx(ctx(t), nil)
	must(t, err)
	_, err = tx.ExecContext(ctx(t), "select @p1", "x")
	must(t, err)
	must(t, tx.Rollback())
	if got.Session != 51 || got.Login.User != "sa" || got.Database != "patchbay" || got.Depth != 1 || got.Param("@P1") != "x" || got.Param("@p2") != nil {
		t.Errorf("the query is %+v", got)
	}
}

func TestABatchOfStatementsGivesAllTheirResults(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("insert", tdstest.Affected(2).Always())
	s.Handle("select a", tdstest.Rows(number, []any{1}, []any{2}).Always())
	s.Handle("both", tdstest.Response{Results: append(tdstest.Rows(number, []any{7}).Results, tdstest.Rows(number).Results...)}.Always())
	db := open(t, config(t, s))
	rows, err := db.QueryContext(ctx(t), "set nocount off; insert; select a; both")
	must(t, err)
	defer rows.Close()
	var got [][]int
	for more := true; more; more = rows.NextResultSet() {
		set := []int{}
		for rows.Next() {
			var n int
			must(t, rows.Scan(&n))
			set = append(set, n)
		}
		got = append(got, set)
	}
	must(t, rows.Err())
	if want := [][]int{{1, 2}, {7}, {}}; !reflect.DeepEqual(got, want) {
		t.Errorf("the results are %v, and not %v", got, want)
	}
	result, err := db.ExecContext(ctx(t), "insert; insert")
	must(t, err)
	if n, err := result.RowsAffected(); n != 4 || err != nil {
		t.Errorf("two inserts of two rows change %d", n)
	}
}

func TestAnErrorComesAfterWhatWasBeforeIt(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("broken", tdstest.Response{Results: []tdstest.Result{{Columns: number, Rows: func(yield func([]any, error) bool) {
		_ = yield([]any{1}, nil) && yield(nil, tdstest.Message{Number: 8134, Text: "Divide by zero error encountered."})
	}}}}.Always())
	s.Handle("several", tdstest.Fail(
		tdstest.Message{Number: 1, Class: 10, Text: "a notice"},
		tdstest.Message{Number: 1505, State: 3, Text: "first", Proc: "p", Line: 5}, tdstest.Message{Number: 1750, Text: "second"},
	).Always())
	db := open(t, config(t, s))
	rows, err := db.QueryContext(ctx(t), "broken; select 1")
	must(t, err)
	n := 0
	for rows.Next() {
		n++
	}
	if got := numbers(rows.Err()); n != 1 || !reflect.DeepEqual(got, []int32{8134}) {
		t.Errorf("%d rows, then %v", n, rows.Err())
	}
	rows.Close()
	_, err = db.ExecContext(ctx(t), "several; select 1")
	e, _ := errors.AsType[mssql.Error](err)
	if !reflect.DeepEqual(numbers(err), []int32{1505, 1750}) || e.All[0].State != 3 || e.All[0].LineNo != 5 || e.All[0].ProcName != "p" || e.Class != 16 {
		t.Errorf("the errors are %+v", e.All)
	}
	must(t, db.PingContext(ctx(t)))
}

// notes is a logger that keeps what the server says.
type notes struct{ said []string }

func (n *notes) Log(_ context.Context, category msdsn.Log, msg string) {
	if category == msdsn.LogMessages {
		n.said = append(n.said, msg)
	}
}

func TestNoticesArrive(t *testing.T) {
	s := start(t, tdstest.Options{})
	n := &notes{}
	d := &mssql.Driver{}
	d.SetContextLogger(n)
	c := config(t, s)
	c.LogFlags = msdsn.LogMessages
	connector, err := d.OpenConnector(c.URL().String())
	must(t, err)
	db := pool(t, connector)
	_, err = db.ExecContext(ctx(t), "print N'it''s'; use tempdb")
	must(t, err)
	want := []string{
		"Changed database context to 'patchbay'.", "Changed language setting to us_english.", "it's", "Changed database context to 'tempdb'.",
	}
	if !reflect.DeepEqual(n.said, want) {
		t.Errorf("the server said %q", n.said)
	}
}

func TestAPoolResetsASessionWhenItHandsItOut(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx(t))
	must(t, err)
	for _, query := range []string{"use tempdb", "set transaction isolation level serializable"} {
		_, err = conn.ExecContext(ctx(t), query)
		must(t, err)
	}
	ask := func(query, want string) {
		t.Helper()
		var got string
		must(t, conn.QueryRowContext(ctx(t), query).Scan(&got))
		if got != want {
			t.Errorf("%s gives %s, and not %s", query, got, want)
		}
	}
	const level = "select transaction_isolation_level from sys.dm_exec_sessions where session_id = @@spid"
	ask("select db_name()", "tempdb")
	ask(level, "4")
	must(t, conn.Close())
	conn, err = db.Conn(ctx(t))
	must(t, err)
	defer conn.Close()
	ask("select db_name()", "patchbay")
	ask(level, "2")
	c := s.Connections()[0]
	if got := c.Resets(); got != 2 || !c.Requests[0].Reset || c.Requests[1].Reset || !c.Requests[4].Reset { // when it is new, too
		t.Errorf("%d requests came with a reset: %+v", got, c.Requests)
	}
}

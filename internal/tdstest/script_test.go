package tdstest_test

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"slices"
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
	s.Handle("Select N from Users;", tdstest.Rows(number, []any{2}).Always())
	if n := ask(t, db, "  select n from users ;\n"); n != 2 {
		t.Errorf("the text gives %d", n)
	}
	s.Handle("select n from users", tdstest.Rows(number, []any{3}).Always())
	if n := ask(t, db, "select n from users"); n != 3 {
		t.Errorf("after another handler the text gives %d", n)
	}
	if n := ask(t, db, "select 1"); n != 1 {
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
	if got.Session != 51 || got.Login.User != "sa" || got.Transaction == 0 || got.Param("@P1") != "x" || got.Param("@p2") != nil {
		t.Errorf("the query is %+v", got)
	}
}

func TestAResponseGivesAllItsResults(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("insert; select a; both", tdstest.Response{Results: slices.Concat(
		tdstest.Affected(2).Results, tdstest.Rows(number, []any{1}, []any{2}).Results,
		tdstest.Rows(number, []any{7}).Results, tdstest.Rows(number).Results,
	)}.Always())
	s.Handle("insert; insert", tdstest.Response{Results: []tdstest.Result{{Count: 2}, {Count: -1}, {Count: 2}}}.Always())
	db := open(t, config(t, s))
	rows, err := db.QueryContext(ctx(t), "insert; select a; both")
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
	broken := tdstest.Rows(number, []any{1})
	broken.Messages = []tdstest.Message{{Number: 8134, Text: "Divide by zero error encountered."}}
	s.Handle("select broken", broken.Always())
	s.Handle("several errors", tdstest.Fail(
		tdstest.Message{Number: 1, Class: 10, Text: "a notice"},
		tdstest.Message{Number: 1505, State: 3, Text: "first", Proc: "p", Line: 5}, tdstest.Message{Number: 1750, Text: "second"},
	).Always())
	db := open(t, config(t, s))
	rows, err := db.QueryContext(ctx(t), "select broken")
	must(t, err)
	n := 0
	for rows.Next() {
		n++
	}
	for rows.NextResultSet() {
	}
	if got := numbers(rows.Err()); n != 1 || !reflect.DeepEqual(got, []int32{8134}) {
		t.Errorf("%d rows, then %v", n, rows.Err())
	}
	rows.Close()
	_, err = db.ExecContext(ctx(t), "several errors")
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
	s.Handle("print N'it''s'", tdstest.Fail(tdstest.Message{Class: 10, Text: "it's"}).Always())
	_, err = db.ExecContext(ctx(t), "print N'it''s'")
	must(t, err)
	want := []string{
		"Changed database context to 'patchbay'.", "Changed language setting to us_english.", "it's",
	}
	if !reflect.DeepEqual(n.said, want) {
		t.Errorf("the server said %q", n.said)
	}
}

// querier is a pool, a session or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// ask asks for a number.
func ask(t testing.TB, db querier, query string) (n int) {
	t.Helper()
	must(t, db.QueryRowContext(ctx(t), query).Scan(&n))
	return n
}

const level = "select transaction_isolation_level from sys.dm_exec_sessions where session_id = @@spid"

// The level is that of the last transaction, or of a SET, for as long as the connection lasts: a reset keeps it.
// https://github.com/dotnet/SqlClient/issues/96
func TestAResetKeepsTheIsolationLevel(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	db.SetMaxOpenConns(1)
	if got := ask(t, db, level); got != int(tdstest.ReadCommitted) {
		t.Errorf("a session begins at %d", got)
	}
	for name, c := range map[string]struct {
		use  func() error
		want tdstest.Isolation
	}{
		"a transaction": {func() error {
			tx, err := db.BeginTx(ctx(t), &sql.TxOptions{Isolation: sql.LevelSerializable})
			if err != nil {
				return err
			}
			return tx.Commit()
		}, tdstest.Serializable},
		"a SET": {func() error {
			_, err := db.ExecContext(ctx(t), "SET LOCK_TIMEOUT 5000; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;")
			return err
		}, tdstest.RepeatableRead},
	} {
		must(t, c.use())
		before := s.Connections()[0].Resets()
		if got := ask(t, db, level); got != int(c.want) {
			t.Errorf("after %s and a reset the level is %d, and not %d", name, got, c.want)
		}
		tx, err := db.BeginTx(ctx(t), nil)
		must(t, err)
		if got := ask(t, tx, level); got != int(c.want) {
			t.Errorf("after %s a transaction that names no level has %d, and not %d", name, got, c.want)
		}
		must(t, tx.Rollback())
		if all := s.Connections(); len(all) != 1 || all[0].Resets() != before+2 {
			t.Errorf("%d connections, the first with %d resets more", len(all), all[0].Resets()-before)
		}
	}
	if got := ask(t, session(t, config(t, s)), level); got != int(tdstest.ReadCommitted) {
		t.Errorf("another session begins at %d", got)
	}
}

// What is set inside sp_executesql ends with it.
func TestAProcedureKeepsTheIsolationLevelToItself(t *testing.T) {
	s := start(t, tdstest.Options{})
	conn := session(t, config(t, s))
	_, err := conn.ExecContext(ctx(t), "set transaction isolation level serializable -- @p1", 1)
	must(t, err)
	if got := ask(t, conn, level); got != int(tdstest.ReadCommitted) || s.Connections()[0].Requests[0].Kind != tdstest.RPC {
		t.Errorf("the level is %d", got)
	}
}

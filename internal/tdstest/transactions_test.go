package tdstest_test

import (
	"database/sql"
	"testing"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

func TestATransactionHasItsLevelAndItsDescriptor(t *testing.T) {
	s := start(t, tdstest.Options{})
	db := open(t, config(t, s))
	for level, want := range map[sql.IsolationLevel]string{
		sql.LevelDefault: "use current", sql.LevelReadUncommitted: "read uncommitted", sql.LevelReadCommitted: "read committed",
		sql.LevelRepeatableRead: "repeatable read", sql.LevelSerializable: "serializable", sql.LevelSnapshot: "snapshot",
	} {
		for _, commit := range []bool{true, false} {
			tx, err := db.BeginTx(ctx(t), &sql.TxOptions{Isolation: level})
			must(t, err)
			_, err = tx.ExecContext(ctx(t), "select 1")
			must(t, err)
			end, kind := tx.Rollback, tdstest.Rollback
			if commit {
				end, kind = tx.Commit, tdstest.Commit
			}
			must(t, end())
			requests := s.Connections()[0].Requests
			got := requests[len(requests)-3:]
			if got[0].Kind != tdstest.Begin || got[0].Isolation.String() != want || got[0].Transaction != 0 {
				t.Errorf("%s begins with %+v", level, got[0])
			}
			if got[1].Transaction == 0 || got[2].Transaction != got[1].Transaction || got[2].Kind != kind {
				t.Errorf("%s goes on with %+v", level, got[1:])
			}
			must(t, db.PingContext(ctx(t)))
			if after := last(t, s); after.Transaction != 0 {
				t.Errorf("after the end the transaction is %d", after.Transaction)
			}
		}
	}
}

func TestAnErrorMayTakeTheTransactionWithIt(t *testing.T) {
	s := start(t, tdstest.Options{})
	s.Handle("doom it", tdstest.Response{Messages: []tdstest.Message{{Number: 8134, Text: "Divide by zero error encountered."}}, Rollback: true}.Always())
	tx, err := open(t, config(t, s)).BeginTx(ctx(t), nil)
	must(t, err)
	if _, err := tx.ExecContext(ctx(t), "doom it"); len(numbers(err)) != 1 {
		t.Errorf("the statement gives %v", err)
	}
	if err := tx.Commit(); err == nil {
		t.Error("a transaction that the server has rolled back was committed")
	}
	if got := last(t, s); got.Kind != tdstest.Batch {
		t.Errorf("the driver asked for a %s of a transaction of which it knew that it was gone", got.Kind)
	}
}

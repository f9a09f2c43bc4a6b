package tsql_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/internal/tdstest/tsql"
)

// number is that of an error of SQL Server; 0 for any other.
func number(err error) int32 {
	if e, ok := errors.AsType[mssql.Error](err); ok {
		return e.Number
	}
	return 0
}

func TestFailuresHaveTheNumbersOfSQLServer(t *testing.T) {
	db := open(t)
	exec(t, db, "create table t (a int not null unique, b int check (b > 0), c int references t (a))")
	exec(t, db, "insert into t (a) values (1)")
	for query, want := range map[string]int32{
		"select * from nope":                    208,
		"select nope from t":                    207,
		"insert into t (nope) values (1)":       207,
		"select a from t x, t y":                209,
		"select nope(1)":                        195,
		"select @nope":                          137,
		"select 1 from":                         102,
		"selec 1":                               102,
		"create table t (a int)":                2714,
		"drop table nope":                       3701,
		"insert into t (a) values (1)":          2627,
		"insert into t (a) values (null)":       515,
		"insert into t (a, b) values (2, 0)":    547,
		"insert into t (a, c) values (2, 9)":    547,
		"insert into t values (1)":              213,
		"insert into t (a, b) values (1, 2, 3)": 110,
		"commit":                                3902,
		"rollback transaction":                  3903,
		"use nope":                              911,
		"nope":                                  2812,
		"throw 50001, 'mine', 1":                50001,
	} {
		_, err := db.ExecContext(ctx(t), query)
		if number(err) != want {
			t.Errorf("%s fails with %v, and not with %d", query, err, want)
		}
	}
	exec(t, db, "create table small (n tinyint, s nvarchar(1))")
	exec(t, db, "insert into small values (256, 'ab')")
	for query, want := range map[string]int32{"select n from small": 8115, "select s from small": 8152} {
		err := db.QueryRowContext(ctx(t), query).Scan(new(any))
		if number(err) != want {
			t.Errorf("%s fails with %v, and not with %d", query, err, want)
		}
	}
}

func TestATransactionIsAllOrNothing(t *testing.T) {
	db := open(t)
	exec(t, db, "create table t (a int)")
	for _, c := range []struct {
		name string
		end  func(*sql.Tx) error
		want string
	}{
		{"rolled back", (*sql.Tx).Rollback, "n INT\n0"},
		{"committed", (*sql.Tx).Commit, "n INT\n2"},
	} {
		tx, err := db.BeginTx(ctx(t), &sql.TxOptions{Isolation: sql.LevelSerializable})
		must(t, err)
		exec(t, tx, "insert into t values (1)")
		exec(t, tx, "insert into t values (@p1)", 2)
		if got := rows(t, tx, "select @@trancount as n, count(*) as c from t"); got != "n INT, c INT\n1, 2" {
			t.Errorf("inside: %s", got)
		}
		if got := rows(t, db, "select count(*) as n from t"); got != "n INT\n0" {
			t.Errorf("from outside, before it is %s: %s", c.name, got)
		}
		must(t, c.end(tx))
		if got := rows(t, db, "select count(*) as n from t"); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestASavepointIsGoneBackTo(t *testing.T) {
	db := open(t)
	exec(t, db, "create table t (a int)")
	tx, err := db.BeginTx(ctx(t), nil)
	must(t, err)
	exec(t, tx, "insert into t values (1)")
	exec(t, tx, "save transaction here")
	exec(t, tx, "insert into t values (2)")
	exec(t, tx, "rollback transaction here")
	must(t, tx.Commit())
	if got := rows(t, db, "select a from t"); got != "a INT\n1" {
		t.Error(got)
	}
}

func TestTheSecondWriterOfAnOldSnapshotIsToldToRetry(t *testing.T) {
	db := open(t)
	exec(t, db, "create table t (a int); insert into t values (1)")
	tx, err := db.BeginTx(ctx(t), nil)
	must(t, err)
	rows(t, tx, "select a from t")
	exec(t, db, "update t set a = 2")
	_, err = tx.ExecContext(ctx(t), "update t set a = 3")
	if number(err) != 3960 {
		t.Errorf("the update fails with %v", err)
	}
	must(t, tx.Rollback())
}

// endless has rows without an end. The first tells that the statement runs.
const endless = "with n as (select signal() as i union all select i + 1 from n) "

// running is a context that is canceled when a statement runs that has endless in it. It has no deadline: after one
// go-mssqldb throws the connection away, whatever the server answers.
func running(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	tsql.OnSignal(cancel)
	return ctx
}

func TestAStatementIsCanceledAndTheSessionGoesOn(t *testing.T) {
	db := open(t)
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(running(t), endless+"select max(i) from n"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := rows(t, db, "select @@spid as id"); got != "id SMALLINT\n51" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestATransactionWhoseWriteWasInterruptedCanOnlyBeRolledBack(t *testing.T) {
	db := open(t)
	exec(t, db, "create table t (a bigint)")
	tx, err := db.BeginTx(ctx(t), nil)
	must(t, err)
	exec(t, tx, "insert into t values (1)")
	_, err = tx.ExecContext(running(t), "insert into t "+endless+"select i from n")
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := tx.ExecContext(ctx(t), "insert into t values (2)"); number(err) != 3930 {
		t.Errorf("a statement in the transaction that SQLite has rolled back: %v", err)
	}
	if err := tx.Commit(); number(err) != 3930 {
		t.Errorf("its commit: %v", err)
	}
	if got := rows(t, db, "select count(*) as n from t"); got != "n INT\n0" {
		t.Error(got)
	}
}

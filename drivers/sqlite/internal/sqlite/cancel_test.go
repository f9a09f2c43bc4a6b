package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// TestStatementsEndWithTheirContext is the row of SQLite in the table of what a database does within a second after the
// context of a statement has ended: it has stopped, undone what the statement did, and let go of its locks.
func TestStatementsEndWithTheirContext(t *testing.T) {
	const (
		running = 50 * time.Millisecond
		soon    = 5 * time.Second // a second, on a machine that is busy with other things
	)
	const endless = "with recursive c(n) as (select 1 union all select n+1 from c) "
	for name, statement := range map[string]string{
		"read":  endless + "select max(n) from c",
		"write": endless + "insert into t select n from c",
	} {
		for how, begin := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"canceled": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(running, cancel)
				return ctx, cancel
			},
			"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, running)
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "x.db")
				db, other := open(t, file), open(t, file, "busy_timeout", "0")
				db.SetMaxOpenConns(1)
				exec(t, db, "create table t (n)")
				since := time.Now()
				ctx, cancel := begin(t.Context())
				defer cancel()
				if _, err := db.ExecContext(ctx, statement); !errors.Is(err, ctx.Err()) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(since) - running; took > soon {
					t.Errorf("it came back after %v", took)
				}
				if n := query[int](t, db, "select count(*) from t"); n != 0 {
					t.Errorf("%d rows are left", n)
				}
				exec(t, other, "insert into t values (1)") // without waiting for a lock
			})
		}
	}
}

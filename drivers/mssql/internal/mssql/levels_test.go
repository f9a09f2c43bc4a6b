package mssql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/microsoft/go-mssqldb"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/tdstest"
)

const levelQuery = "SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID"

// requests is what the server got over its last connection, in short.
func requests(t *testing.T, s *tdstest.Server) (list []string) {
	for _, r := range last(t, s).Requests {
		what := string(r.Kind)
		if r.Kind == tdstest.Batch {
			what = r.SQL
		}
		if r.Reset {
			what += " *"
		}
		list = append(list, what)
	}
	return list
}

// TestNobodyInheritsALevel is case D1. The scripted server keeps the level of a session through a reset, as SQL Server does.
func TestNobodyInheritsALevel(t *testing.T) {
	const set = "SET TRANSACTION ISOLATION LEVEL "
	begin := func(level sql.IsolationLevel, commit bool) func(context.Context, *conn.Conn) error {
		return func(ctx context.Context, db *conn.Conn) error {
			tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: level})
			if err != nil {
				return err
			}
			if commit {
				return tx.Commit()
			}
			return tx.Rollback()
		}
	}
	exec := func(statement string, args ...any) func(context.Context, *conn.Conn) error {
		return func(ctx context.Context, db *conn.Conn) error {
			_, err := db.ExecContext(ctx, statement, args...)
			return err
		}
	}
	for name, c := range map[string]struct {
		does func(context.Context, *conn.Conn) error
		cost int // round trips
	}{
		"serializable":               {begin(sql.LevelSerializable, true), 1},
		"serializable, rolled back":  {begin(sql.LevelSerializable, false), 1},
		"snapshot":                   {begin(sql.LevelSnapshot, true), 1},
		"read uncommitted":           {begin(sql.LevelReadUncommitted, true), 1},
		"repeatable read":            {begin(sql.LevelRepeatableRead, true), 1},
		"read committed":             {begin(sql.LevelReadCommitted, true), 0},
		"usual":                      {begin(sql.LevelDefault, true), 0},
		"a statement":                {exec("SELECT 1"), 0},
		"set by a statement":         {exec(set + "SERIALIZABLE"), 1},
		"in small letters":           {exec("set transaction\n\tisolation  level snapshot"), 1},
		"at the end of a long batch": {exec("SET NOCOUNT ON; -- " + strings.Repeat("x", 2012) + "\n" + set + "SNAPSHOT"), 1},
		"set by a procedure":         {exec(set+"SERIALIZABLE -- @p1", 1), 0}, // which the server undoes
		"an option of a database":    {exec("SET ALLOW_SNAPSHOT_ISOLATION ON"), 0},
	} {
		for _, m := range modes {
			for _, session := range []string{"", "5000"} {
				t.Run(fmt.Sprintf("%s, %s, lockTimeout %q", name, m.name, session), func(t *testing.T) {
					s := start(t)
					cfg := m.config(s)
					cfg.Pool.Max = 1
					init := ""
					if session != "" {
						cfg, init = with(cfg, "lockTimeout", session), "SET LOCK_TIMEOUT 5000"
					}
					db, err := open(limit(t), t, cfg)
					if err != nil {
						t.Fatal(err)
					}
					defer db.Close()
					for range 2 {
						if err := c.does(limit(t), db); err != nil {
							t.Fatal(err)
						}
						before := len(last(t, s).Requests)
						for range 2 {
							var level int
							if err := db.QueryRowContext(limit(t), levelQuery).Scan(&level); err != nil || level != int(tdstest.ReadCommitted) {
								t.Errorf("the next one is at level %d, %v", level, err)
							}
						}
						var want []string
						for i := range 2 {
							first := init
							if i < c.cost {
								first = strings.TrimSuffix(setBack+"; "+init, "; ")
							}
							if first == "" {
								want = append(want, levelQuery+" *")
								continue
							}
							want = append(want, first+" *", levelQuery)
						}
						if got := requests(t, s)[before:]; !slices.Equal(got, want) {
							t.Errorf("the server got %q, want %q", got, want)
						}
					}
				})
			}
		}
	}
}

// TestLevelsOfManyCallers has them take each other's connections, some at another level.
func TestLevelsOfManyCallers(t *testing.T) {
	s := start(t)
	cfg := modes[1].config(s)
	cfg.Pool.Max = 4
	db, err := open(limit(t), t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	failed := make(chan error)
	for i := range 8 {
		go func() {
			failed <- func() error {
				for range 50 {
					opts, want := &sql.TxOptions{}, int(tdstest.ReadCommitted)
					if i%2 == 0 {
						opts.Isolation, want = sql.LevelSerializable, int(tdstest.Serializable)
					}
					tx, err := db.BeginTx(t.Context(), opts)
					if err != nil {
						return err
					}
					level := 0
					if err := tx.QueryRow(levelQuery).Scan(&level); err != nil || level != want {
						return fmt.Errorf("a transaction is at level %d, want %d: %w", level, want, err)
					}
					if err := tx.Commit(); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range 8 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkLevels(b *testing.B) {
	p := newPacket(batchType, wide(strings.Repeat("SELECT name FROM sys.objects WHERE id = 7 ", 5)))
	l := levels{connector: new(mssql.Connector)}
	b.ReportAllocs()
	for b.Loop() {
		l.see(p)
	}
}

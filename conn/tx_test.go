package conn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sethvargo/go-retry"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// ledger is a database that knows nothing but transactions, and answers as it is told to.
type ledger struct {
	single        bool
	levels        []sql.IsolationLevel
	begin, commit func() error // nil: succeed
	ended         []string     // how each transaction did
	beginnings    int
}

// answer is an error of the ledger's server.
type answer struct{ registry.Diagnosis }

func (a *answer) Error() string { return "ledger: " + a.Kind.String() }

func (l *ledger) Info() registry.Info {
	return registry.Info{Dialect: "ledger", SingleWriter: l.single, Levels: l.levels}
}

func (l *ledger) Diagnose(err error) registry.Diagnosis {
	if a, ok := errors.AsType[*answer](err); ok {
		return a.Diagnosis
	}
	return registry.Diagnosis{}
}

func (l *ledger) Connector(registry.Config, registry.Env) (driver.Connector, error) { return l, nil }
func (l *ledger) Driver() driver.Driver                                             { return nil }
func (l *ledger) Connect(context.Context) (driver.Conn, error)                      { return ledgerConn{l}, nil }

type ledgerConn struct{ *ledger }

func (ledgerConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (ledgerConn) Close() error                        { return nil }
func (c ledgerConn) Begin() (driver.Tx, error)         { return nil, errors.ErrUnsupported }

func (ledgerConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return new(one), nil
}

func (c ledgerConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.beginnings++
	if c.ledger.begin != nil {
		if err := c.ledger.begin(); err != nil {
			return nil, err
		}
	}
	return ledgerTx(c), nil
}

type ledgerTx struct{ *ledger }

func (tx ledgerTx) Commit() error {
	tx.ended = append(tx.ended, "commit")
	if tx.commit != nil {
		return tx.commit()
	}
	return nil
}

func (tx ledgerTx) Rollback() error {
	tx.ended = append(tx.ended, "rollback")
	return nil
}

func (l *ledger) open(t *testing.T) *conn.Conn {
	t.Helper()
	r := new(registry.Registry)
	r.Register(l)
	db, err := conn.Open(t.Context(), conn.Config{Dialect: "ledger"}, conn.WithRegistry(r), conn.WithObserver(nil))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// openTx opens a real database that closes with the test, after everything has been given back to its pool.
func openTx(t *testing.T, cfg conn.Config) *conn.Conn {
	t.Helper()
	db, err := conn.Open(t.Context(), cfg, conn.WithObserver(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := db.Stats().InUse; n != 0 {
			t.Errorf("%d connections have not been given back", n)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func execTx(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, statements ...string,
) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func sqliteFile(t *testing.T) conn.Config {
	return conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "tx.db")}
}

var (
	errConflict = &answer{registry.Diagnosis{Kind: registry.KindConflict, Code: "40"}}
	errBusy     = &answer{registry.Diagnosis{Kind: registry.KindBusy, Code: "5"}}
)

func TestATransactionThatAlwaysConflictsIsTriedTenTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(ledger)
		db := l.open(t)
		defer db.Close()
		start, calls := time.Now(), 0
		err := db.InTx(t.Context(), nil, func(*sql.Tx) error {
			calls++
			return fmt.Errorf("step 2: %w", errConflict)
		})
		if calls != 10 || len(l.ended) != 10 || l.ended[9] != "rollback" {
			t.Errorf("%d calls, which ended in %v", calls, l.ended)
		}
		if !errors.Is(err, errConflict) || !strings.Contains(err.Error(), "step 2: ledger: conflict (transaction tried 10 times)") {
			t.Errorf("got %v", err)
		}
		// 10 + 20 + .. + 640 + 1000 + 1000 ms at most
		if took := time.Since(start); took == 0 || took > 3270*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestWhatIsRunAgain(t *testing.T) {
	other := errors.New("not enough money")
	for name, c := range map[string]struct {
		ledger ledger
		err    error // of the first call
		calls  int
		want   error
	}{
		"a conflict":                         {ledger{}, errConflict, 2, nil},
		"busy, of a single writer":           {ledger{single: true}, errBusy, 2, nil},
		"busy, of others":                    {ledger{}, errBusy, 1, errBusy},
		"an error of one's own":              {ledger{}, other, 1, other},
		"an error that asks go-retry for it": {ledger{}, retry.RetryableError(other), 1, other},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := c.ledger.open(t)
				defer db.Close()
				calls := 0
				err := db.InTx(t.Context(), nil, func(*sql.Tx) error {
					if calls++; calls == 1 {
						return c.err
					}
					return nil
				})
				if calls != c.calls || !errors.Is(err, c.want) || c.want != nil && err != c.err {
					t.Errorf("%d calls, %v", calls, err)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // a transaction that cannot begin yet
		l := &ledger{single: true}
		l.begin = func() error {
			if l.beginnings == 1 {
				return errBusy
			}
			return nil
		}
		db := l.open(t)
		defer db.Close()
		calls := 0
		err := db.InTx(t.Context(), nil, func(*sql.Tx) error { calls++; return nil })
		if err != nil || calls != 1 || l.beginnings != 2 {
			t.Errorf("%d calls in %d transactions, %v", calls, l.beginnings, err)
		}
	})
}

func TestCommitsOfWhichNobodyKnows(t *testing.T) {
	code := func(kind conn.Kind) error { return &answer{registry.Diagnosis{Kind: kind, Code: "7"}} }
	for name, c := range map[string]struct {
		err     error
		unknown bool
		commits int
	}{
		"the end of the stream":       {io.ErrUnexpectedEOF, true, 1},
		"a connection that was bad":   {driver.ErrBadConn, true, 1},
		"time":                        {os.ErrDeadlineExceeded, true, 1},
		"the context, as it is":       {context.Canceled, true, 1},
		"something new":               {errors.New("what?"), true, 1},
		"a server that hangs up":      {code(conn.KindLost), true, 1},
		"a server that stops":         {code(conn.KindStarting), true, 1},
		"a disk that fails":           {code(conn.KindIO), true, 1},
		"a constraint at the end":     {code(conn.KindUnique), false, 1},
		"an answer of unknown kind":   {code(conn.KindUnknown), false, 1},
		"a conflict found at the end": {errConflict, false, 2},
		"one that fn has committed":   {sql.ErrTxDone, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := new(ledger)
				l.commit = func() error {
					if len(l.ended) == 1 {
						return c.err
					}
					return nil
				}
				db := l.open(t)
				defer db.Close()
				err := db.InTx(t.Context(), nil, func(*sql.Tx) error { return nil })
				if errors.Is(err, conn.ErrCommitUnknown) != c.unknown || len(l.ended) != c.commits {
					t.Errorf("%d commits, %v", len(l.ended), err)
				}
				if c.commits == 1 && !errors.Is(err, c.err) {
					t.Errorf("the driver's error is not in %v", err)
				}
			})
		})
	}
}

func TestTransactionsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(ledger)
		db := l.open(t)
		defer db.Close()
		why := errors.New("the user left")

		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		err := db.InTx(ctx, nil, func(*sql.Tx) error { t.Error("called"); return nil })
		if !errors.Is(err, why) || l.beginnings != 0 {
			t.Errorf("%d transactions were begun, %v", l.beginnings, err)
		}

		ctx, cancel = context.WithCancelCause(t.Context())
		calls := 0
		err = db.InTx(ctx, nil, func(*sql.Tx) error {
			if calls++; calls == 3 {
				time.AfterFunc(0, func() { cancel(why) })
			}
			return errConflict
		})
		if calls != 3 || !errors.Is(err, why) || !errors.Is(err, errConflict) || !strings.Contains(err.Error(), "(transaction tried 3 times)") {
			t.Errorf("%d calls, %v", calls, err)
		}

		ctx, cancel = context.WithCancelCause(t.Context())
		l.ended = nil
		err = db.InTx(ctx, nil, func(*sql.Tx) error { cancel(why); return nil })
		synctest.Wait()
		if !errors.Is(err, context.Canceled) || errors.Is(err, conn.ErrCommitUnknown) || fmt.Sprint(l.ended) != "[rollback]" {
			t.Errorf("a transaction whose context ended before the commit ended in %v, %v", l.ended, err)
		}
	})
}

func TestIsolationLevelsThatADialectLacks(t *testing.T) {
	l := &ledger{levels: []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelSerializable}}
	db := l.open(t)
	defer db.Close()
	called := func(*sql.Tx) error { t.Error("called"); return nil }
	err := db.InTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelLinearizable}, called)
	const want = "isolation level Linearizable is not supported by ledger: use one of Read Committed, Serializable"
	if err == nil || err.Error() != want || l.beginnings != 0 {
		t.Errorf("got %v after %d beginnings, want %s", err, l.beginnings, want)
	}
	for _, opts := range []*sql.TxOptions{nil, {}, {Isolation: sql.LevelSerializable}} {
		if err := db.InTx(t.Context(), opts, func(*sql.Tx) error { return nil }); err != nil {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}

func TestAPanicRollsBackAndGoesOn(t *testing.T) {
	db := openTx(t, sqliteFile(t))
	execTx(t, db, "CREATE TABLE t (n INT)")
	fill := func(end func()) func(*sql.Tx) error {
		return func(tx *sql.Tx) error {
			execTx(t, tx, "INSERT INTO t VALUES (1)")
			rows, err := tx.QueryContext(t.Context(), "SELECT n FROM t") // and leaves it open
			if err != nil || !rows.Next() {
				t.Error(err)
			}
			end()
			return rows.Err()
		}
	}
	func() {
		defer func() {
			if p := recover(); p != "oh" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = db.InTx(t.Context(), nil, fill(func() { panic("oh") }))
	}()
	var ending sync.WaitGroup
	ending.Go(func() { _ = db.InTx(t.Context(), nil, fill(runtime.Goexit)) }) // as t.FailNow does
	ending.Wait()
	var n int
	if err := db.QueryRow("SELECT COUNT(*) FROM t").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
}

// A constraint that is checked at the end makes a commit fail, which is certain, and the connection is as good as before.
func TestAConstraintThatIsCheckedAtTheCommit(t *testing.T) {
	for name, cfg := range map[string]conn.Config{"sqlite": sqliteFile(t), "postgres": testserver.Postgres(t).Config()} {
		t.Run(name, func(t *testing.T) {
			cfg.Pool.Max = 1
			db := openTx(t, cfg)
			execTx(t, db, "CREATE TABLE tx_parent (id INT PRIMARY KEY)",
				"CREATE TABLE tx_child (p INT CONSTRAINT tx_child_fk REFERENCES tx_parent (id) DEFERRABLE INITIALLY DEFERRED)")
			defer execTx(t, db, "DROP TABLE tx_child", "DROP TABLE tx_parent")
			for range 2 {
				err := db.InTx(t.Context(), nil, func(tx *sql.Tx) error {
					execTx(t, tx, "INSERT INTO tx_child VALUES (7)")
					return nil
				})
				if errors.Is(err, conn.ErrCommitUnknown) || db.Diagnose(err).Kind != conn.KindForeignKey {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

// PostgreSQL answers the commit of a transaction in which a statement has failed with a rollback.
func TestAnErrorThatIsKeptBack(t *testing.T) {
	db := openTx(t, testserver.Postgres(t).Config())
	err := db.InTx(t.Context(), nil, func(tx *sql.Tx) error {
		_, _ = tx.ExecContext(t.Context(), "SELECT 1/0")
		return nil
	})
	d := db.Diagnose(err)
	if err == nil || errors.Is(err, conn.ErrCommitUnknown) || d.Code != "25P02" || !strings.Contains(d.Hint, "return that statement's error") {
		t.Errorf("got %v: %+v", err, d)
	}
}

func TestTransactionsOnOneConnection(t *testing.T) {
	db := openTx(t, testserver.Postgres(t).Config())
	one, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	execTx(t, one, "SELECT pg_advisory_lock(4711)")
	calls := 0
	err = db.InTxOn(t.Context(), one, nil, func(tx *sql.Tx) error {
		calls++
		var held int
		const mine = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND pid = pg_backend_pid()"
		if err := tx.QueryRowContext(t.Context(), mine).Scan(&held); err != nil || held != 1 {
			t.Errorf("the session holds %d locks, %v", held, err)
		}
		if calls == 1 {
			_, err := tx.ExecContext(t.Context(), "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
			return err
		}
		return nil
	})
	if err != nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// The answer to a commit does not come before the context ends.
func TestACommitThatIsNotAnswered(t *testing.T) {
	s := testserver.Postgres(t).Config()
	proxy := testproxy.New(t, fmt.Sprintf("%s:%d", s.Host, s.Port))
	s.Host, s.Port = proxy.Host(), proxy.Port()
	db := openTx(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := db.InTx(ctx, nil, func(*sql.Tx) error {
		proxy.SetRule(func(c testproxy.Chunk) testproxy.Action {
			if c.FromClient {
				return testproxy.Pass
			}
			cancel()
			return testproxy.Stall
		})
		return nil
	})
	if !errors.Is(err, conn.ErrCommitUnknown) || conn.KindOf(err) != conn.KindCanceled {
		t.Errorf("got %v", err)
	}
	proxy.Resume()
}

func TestTransactionsOfSQLServer(t *testing.T) {
	s := tdstest.Start(t, tdstest.Options{})
	db := openTx(t, s.Config())
	for name, c := range map[string]struct {
		number int32
		calls  int
	}{
		"the victim of a deadlock": {1205, 2}, "a snapshot conflict": {3960, 2}, "memory-optimized": {41302, 2},
		"a lock timeout": {1222, 1}, "a duplicate": {2627, 1},
	} {
		t.Run(name, func(t *testing.T) {
			const statement = "UPDATE accounts SET balance = 1"
			calls := 0
			s.Handle(statement, func(context.Context, tdstest.Query) tdstest.Response {
				if calls == 1 {
					return tdstest.Fail(tdstest.Message{Number: c.number, Class: 14, Text: "for the test"})
				}
				return tdstest.Affected(1)
			})
			err := db.InTx(t.Context(), nil, func(tx *sql.Tx) error {
				calls++
				_, err := tx.ExecContext(t.Context(), statement)
				return err
			})
			if calls != c.calls || (err == nil) != (c.calls == 2) {
				t.Errorf("%d calls, %v", calls, err)
			}
		})
	}
	err := db.InTx(t.Context(), nil, func(*sql.Tx) error {
		s.Misbehave(tdstest.Fault{At: tdstest.OnRequest, Do: tdstest.Hangup})
		return nil
	})
	s.Misbehave()
	if !errors.Is(err, conn.ErrCommitUnknown) {
		t.Errorf("a commit that is not answered ends in %v", err)
	}
}

// Of joined errors the first that gives a kind counts, also when the driver knows one before it.
func TestTheFirstOfJoinedErrorsThatGivesAKind(t *testing.T) {
	db := new(ledger).open(t)
	defer db.Close()
	without := &answer{registry.Diagnosis{Code: "99"}}
	err := fmt.Errorf("two: %w", errors.Join(without, fmt.Errorf("that: %w", errConflict), errBusy))
	if d := db.Diagnose(err); d.Kind != conn.KindConflict || d.Code != "40" || d.Hint == "" {
		t.Errorf("got %+v", d)
	}
	if d := db.Diagnose(without); d.Kind != conn.KindUnknown || d.Code != "99" {
		t.Errorf("got %+v", d)
	}
}

package conn_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// bank is a database with four accounts, between which goroutines move money.
type bank struct {
	*conn.Conn
	attempts, transfers atomic.Int32

	meet *sync.WaitGroup // nil, or what transfers wait for at their first attempts between reading and writing
}

// accounts has four ids, and each begins with a balance of 100.
const (
	accounts = 4
	begin    = 100
)

func openBank(t *testing.T, cfg conn.Config) *bank {
	t.Helper()
	cfg.Pool.Max = 8
	db, err := conn.Open(t.Context(), cfg, conn.WithObserver(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bank{Conn: db}
}

// found makes the tables, which end with the test.
func (b *bank) found(t *testing.T) {
	t.Helper()
	for _, statement := range []string{
		"CREATE TABLE money_accounts (id INT NOT NULL PRIMARY KEY, balance INT NOT NULL)",
		"CREATE TABLE money_transfers (id INT NOT NULL PRIMARY KEY)",
	} {
		if _, err := b.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, table := range []string{"money_accounts", "money_transfers"} {
			if _, err := b.Exec("DROP TABLE " + table); err != nil {
				t.Error(err)
			}
		}
	})
	for id := range accounts {
		if _, err := b.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO money_accounts VALUES (%d, %d)", id, begin)); err != nil {
			t.Fatal(err)
		}
	}
}

// move does one transfer in a transaction that reads before it writes, and records it there.
func (b *bank) move(ctx context.Context, id int) error {
	from, to := id%accounts, (id+1+id/accounts%(accounts-1))%accounts
	arrive, wait := func() {}, func() {}
	if b.meet != nil {
		arrive, wait = sync.OnceFunc(b.meet.Done), b.meet.Wait
	}
	b.transfers.Add(1)
	return b.InTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable}, func(tx *sql.Tx) error {
		b.attempts.Add(1)
		defer arrive() // whatever happens
		balances := map[int]int{from: 0, to: 0}
		for account := range balances {
			var balance int
			if err := tx.QueryRowContext(ctx, fmt.Sprintf("SELECT balance FROM money_accounts WHERE id = %d", account)).Scan(&balance); err != nil {
				return fmt.Errorf("reading account %d: %w", account, err)
			}
			balances[account] = balance
		}
		arrive()
		wait()
		for account, change := range map[int]int{from: -1, to: 1} {
			balance := balances[account]
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE money_accounts SET balance = %d WHERE id = %d", balance+change, account)); err != nil {
				return fmt.Errorf("changing account %d: %w", account, err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO money_transfers VALUES (%d)", id))
		return err
	})
}

// moveAll has some goroutines do a transfer each, again and again, and returns what each ended in; the ids begin with first.
// A transaction can lose once to each of those that run beside it, so that 8 goroutines make it 7 times at most, however
// slow the machine is.
func (b *bank) moveAll(ctx context.Context, first, goroutines, rounds int) []error {
	errs := make([]error, goroutines*rounds)
	for round := range rounds {
		var all sync.WaitGroup
		for g := range goroutines {
			all.Go(func() {
				i := round*goroutines + g
				errs[i] = b.move(ctx, first+i)
			})
		}
		all.Wait()
	}
	return errs
}

// audit returns which transfers took place, after it has looked that the balances are those that they make.
func (b *bank) audit(t *testing.T) map[int]bool {
	t.Helper()
	done, want := make(map[int]bool), make(map[int]int)
	b.each(t, "SELECT id, 0 FROM money_transfers", func(id, _ int) {
		done[id] = true
		want[id%accounts]--
		want[(id+1+id/accounts%(accounts-1))%accounts]++
	})
	sum := 0
	b.each(t, "SELECT id, balance FROM money_accounts", func(id, balance int) {
		sum += balance
		if balance != begin+want[id] {
			t.Errorf("account %d has %d, want %d", id, balance, begin+want[id])
		}
	})
	if sum != accounts*begin {
		t.Errorf("the sum is %d, want %d", sum, accounts*begin)
	}
	return done
}

func (b *bank) each(t *testing.T, query string, f func(id, n int)) {
	t.Helper()
	rows, err := b.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, n int
		if err := rows.Scan(&id, &n); err != nil {
			t.Fatal(err)
		}
		f(id, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestMoneyIsMovedOnce(t *testing.T) {
	const goroutines, rounds = 8, 10
	for name, config := range map[string]func() conn.Config{
		"postgres": func() conn.Config { return testserver.Postgres(t).Config() },
		"mariadb":  func() conn.Config { return testserver.MariaDB(t).Config() },
		"sqlite": func() conn.Config {
			return conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "bank")}
		},
		"sqlite, deferred": func() conn.Config {
			return conn.Config{
				Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "bank"),
				Params: map[string]string{"txlock": "deferred", "busy_timeout": "60000"}, // for a conflict it does not wait
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBank(t, config())
			b.found(t)
			var errs []error
			if name != "sqlite" { // which lets one transaction begin when the other has ended
				// Two transfers with an account in common read it before either of them changes it.
				b.meet = new(sync.WaitGroup)
				b.meet.Add(2)
				errs = b.moveAll(t.Context(), 0, 2, 1)
				b.meet = nil
				if b.attempts.Load() <= b.transfers.Load() {
					t.Error("no transaction had to be run again")
				}
			}
			for id, err := range append(errs, b.moveAll(t.Context(), len(errs), goroutines, rounds)...) {
				if err != nil {
					t.Errorf("transfer %d: %v", id, err)
				}
			}
			if done := b.audit(t); len(done) != int(b.transfers.Load()) {
				t.Errorf("%d transfers are recorded of %d", len(done), b.transfers.Load())
			}
			t.Logf("%d transfers took %d attempts", b.transfers.Load(), b.attempts.Load())
		})
	}
}

// TestMoneyWhenCommitsAreCut cuts some connections before the commit gets to the server, and some before its answer gets
// back, which looks the same from here.
func TestMoneyWhenCommitsAreCut(t *testing.T) {
	const goroutines, rounds = 8, 6
	for name, server := range map[string]func(testing.TB) *testserver.Server{"postgres": testserver.Postgres, "mariadb": testserver.MariaDB} {
		t.Run(name, func(t *testing.T) {
			cfg := server(t).Config()
			direct := openBank(t, cfg)
			direct.found(t)
			proxy := testproxy.New(t, fmt.Sprintf("%s:%d", cfg.Host, cfg.Port))
			cfg.Host, cfg.Port = proxy.Host(), proxy.Port()
			b := openBank(t, cfg)

			var mu sync.Mutex
			commits, unanswered := 0, make(map[*testproxy.Conn]bool)
			proxy.SetRule(func(c testproxy.Chunk) testproxy.Action {
				mu.Lock()
				defer mu.Unlock()
				if !c.FromClient && unanswered[c.Conn] {
					return testproxy.Reset
				}
				if c.FromClient && bytes.Contains(bytes.ToLower(c.Data), []byte("commit")) {
					switch commits++; commits % 6 {
					case 2:
						return testproxy.Close
					case 5:
						unanswered[c.Conn] = true
					}
				}
				return testproxy.Pass
			})
			errs := b.moveAll(t.Context(), 0, goroutines, rounds)
			for range 6 { // alone, so that nothing but the cut keeps a commit from taking effect
				errs = append(errs, b.move(t.Context(), len(errs)))
			}
			proxy.SetRule(nil)

			done := direct.audit(t)
			happened, not := 0, 0
			for id, err := range errs {
				switch unknown := errors.Is(err, conn.ErrCommitUnknown); {
				case err == nil && !done[id]:
					t.Errorf("transfer %d succeeded, and is not recorded", id)
				case err != nil && !unknown:
					t.Errorf("transfer %d (recorded: %v): %v", id, done[id], err)
				case unknown && done[id]:
					happened++
				case unknown:
					not++
				}
			}
			t.Logf("of %d transfers in %d attempts, the outcome of %d that took place and %d that did not was not known", len(errs), b.attempts.Load(), happened, not)
			if happened == 0 || not == 0 {
				t.Errorf("%d unknown commits took effect, %d did not: want some of both", happened, not)
			}
		})
	}
}

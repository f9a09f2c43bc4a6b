package drivertest

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// What transactions promise.
var transactionBehaviours = []behaviour{
	{says: "what is committed stays", check: commitKeeps, needs: []Ability{Tables, Transactions}},
	{says: "what is rolled back is gone", check: rollbackDrops, needs: []Ability{Tables, Transactions}},
	{says: "a context that ends rolls back", check: contextRollsBack, needs: []Ability{Tables, Transactions, TxContext}},
	{says: "nobody sees what is not committed", check: uncommittedIsUnseen, needs: []Ability{Tables, Transactions}},
	{says: "each isolation level is used or refused", check: levelsAreUsed, needs: []Ability{Transactions, Isolation}},
	{says: "an isolation level ends with its transaction", check: levelsEnd, needs: []Ability{Transactions, Isolation, TxLevel}},
	{says: "a read-only transaction is refused, or refuses to write", check: readOnly, needs: []Ability{Tables, Transactions, ReadOnly}},
}

func (c check) begin(db *conn.Conn, opts *sql.TxOptions) *sql.Tx {
	c.Helper()
	tx, err := db.BeginTx(c.ctx(), opts)
	if err != nil {
		c.Fatalf("BeginTx(%+v): %v", opts, err)
	}
	c.Cleanup(func() { c.rollback(tx) })
	return tx
}

// rollback ends a transaction that may have ended.
func (c check) rollback(tx *sql.Tx) {
	c.Helper()
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		c.Errorf("Rollback: %v", err)
	}
}

func (c check) commit(tx *sql.Tx) {
	c.Helper()
	if err := tx.Commit(); err != nil {
		c.Errorf("Commit: %v", err)
	}
}

// counts fails the subtest unless the table has so many rows.
func (c check) counts(db executor, table string, want int) {
	c.Helper()
	if got := one[int](c, db, "SELECT COUNT(*) FROM "+table); got != want {
		c.Errorf("the table has %d rows, want %d", got, want)
	}
}

func commitKeeps(c check) {
	db := c.open(c.config())
	table := c.numbers(db)
	tx := c.begin(db, nil)
	c.exec(tx, "INSERT INTO "+table+" (n) VALUES (?)", 1)
	c.counts(tx, table, 1)
	c.commit(tx)
	c.counts(db, table, 1)
}

func rollbackDrops(c check) {
	db := c.open(c.pool(1)) // so that a transaction that has not really ended is met again
	table := c.numbers(db, 1)
	tx := c.begin(db, nil)
	c.exec(tx, "INSERT INTO "+table+" (n) VALUES (?)", 2)
	c.rollback(tx)
	c.counts(db, table, 1)
	c.exec(db, "INSERT INTO "+table+" (n) VALUES (?)", 3)
	c.counts(db, table, 2)
}

func contextRollsBack(c check) {
	db := c.open(c.pool(1))
	table := c.numbers(db)
	ctx, cancel := context.WithCancel(c.ctx())
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		c.Fatal(err)
	}
	c.exec(tx, "INSERT INTO "+table+" (n) VALUES (?)", 1)
	cancel()
	if err := tx.Commit(); err == nil {
		c.Error("Commit succeeded after the context had ended")
	}
	c.counts(db, table, 0)
}

func uncommittedIsUnseen(c check) {
	db := c.open(c.config())
	table := c.numbers(db)
	tx := c.begin(db, nil)
	c.exec(tx, "INSERT INTO "+table+" (n) VALUES (?)", 1)

	ctx, cancel := context.WithTimeout(c.ctx(), 300*time.Millisecond)
	defer cancel()
	seen := 0
	err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&seen)
	if kind := db.Diagnose(err).Kind; err != nil && kind != registry.KindCanceled && kind != registry.KindBusy {
		c.Errorf("a reader neither waits nor gets an answer: %v", err)
	}
	if seen != 0 {
		c.Error("a reader sees what is not committed")
	}
	c.commit(tx)
	c.counts(db, table, 1)
}

// allLevels are those that database/sql has a name for.
var allLevels = []sql.IsolationLevel{
	sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelWriteCommitted, sql.LevelRepeatableRead,
	sql.LevelSnapshot, sql.LevelSerializable, sql.LevelLinearizable,
}

func levelsAreUsed(c check) {
	db := c.open(c.pool(1))
	if told := c.info.Levels; len(told) != 0 && !slices.Equal(slices.Sorted(slices.Values(told)), slices.Sorted(maps.Keys(c.Levels))) {
		c.Errorf("Info.Levels are %v, and Target.Levels has those of %v", told, slices.Sorted(maps.Keys(c.Levels)))
	}
	for _, level := range allLevels {
		want, offered := c.Levels[level]
		tx, err := db.BeginTx(c.ctx(), &sql.TxOptions{Isolation: level})
		switch {
		case err != nil && offered:
			c.Errorf("%v is refused: %v", level, err)
		case err != nil:
			c.see(err)
		case !offered:
			c.Errorf("%v is not in Target.Levels and was not refused: the level is %q", level, c.level(tx))
		default:
			if got := c.level(tx); got != want {
				c.Errorf("asked for %v, the level is %q, want %q", level, got, want)
			}
		}
		if err == nil {
			c.rollback(tx)
		}
		c.works(db)
		if !offered {
			err := db.InTx(c.ctx(), &sql.TxOptions{Isolation: level}, func(*sql.Tx) error { return errors.New("called") })
			if err == nil || strings.Contains(err.Error(), "called") {
				c.Errorf("InTx ends in %v, want that it refuses %v and does not call", err, level)
			}
		}
	}
}

func (c check) level(tx *sql.Tx) string {
	c.Helper()
	got, err := c.Isolation(c.ctx(), tx)
	if err != nil {
		c.Errorf("Target.Isolation: %v", err)
	}
	return got
}

func levelsEnd(c check) {
	db := c.open(c.pool(1))
	usual := func() string {
		tx := c.begin(db, nil)
		defer c.rollback(tx)
		return c.level(tx)
	}
	want := usual()
	for _, level := range allLevels {
		if _, offered := c.Levels[level]; offered {
			c.commit(c.begin(db, &sql.TxOptions{Isolation: level}))
			if got := usual(); got != want {
				c.Errorf("after a transaction at %v the usual level is %q, and was %q", level, got, want)
			}
		}
	}
}

func readOnly(c check) {
	db := c.open(c.pool(1))
	table := c.numbers(db)
	tx, err := db.BeginTx(c.ctx(), &sql.TxOptions{ReadOnly: true})
	if err == nil {
		c.counts(tx, table, 0)
		_, err = tx.ExecContext(c.ctx(), c.statement("INSERT INTO "+table+" (n) VALUES (?)"), 1)
		if kind := db.Diagnose(err).Kind; err == nil || kind != registry.KindReadOnly {
			c.Errorf("writing in a read-only transaction ends in %v, of the kind %q, want %q", err, kind, registry.KindReadOnly)
		}
		c.rollback(tx)
	}
	c.see(err)
	c.exec(db, "INSERT INTO "+table+" (n) VALUES (?)", 2)
	c.counts(db, table, 1)
}

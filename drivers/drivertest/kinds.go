package drivertest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// What the diagnosis of a statement's error says: kind, code, constraint and hint.
var kindBehaviours = []behaviour{
	{says: "a key that is there already", check: duplicates, needs: []Ability{Tables, Kinds}},
	{says: "a row that refers to none, or is referred to", check: references, needs: []Ability{Tables, Kinds, ForeignKeys}},
	{says: "no value where one must be", check: nulls, needs: []Ability{Tables, Kinds}},
	{says: "a value that a check forbids", check: checks, needs: []Ability{Tables, Kinds, Checks}},
	{says: "a value that does not fit its column", check: values, needs: []Ability{Tables, Kinds, Sizes}},
	{says: "names that are not there", check: undefined, needs: []Ability{Tables, Kinds}},
	{says: "a table that is there already", check: exists, needs: []Ability{Tables, Kinds}},
	{says: "a statement in no language", check: syntax, needs: []Ability{Tables, Kinds}},
	{says: "a table that the user may not use", check: rights, needs: []Ability{Tables, Kinds, Rights}},
	{says: "a lock that another transaction holds", check: locked, needs: []Ability{Tables, Transactions, Kinds, LockTimeouts}},
	{says: "two transactions that wait for each other", check: deadlock, needs: []Ability{Tables, Transactions, Kinds, Deadlocks}},
	{says: "two transactions that cannot both be true", check: conflict, needs: []Ability{Tables, Transactions, Kinds, Conflicts}},
	{says: "InTx runs again what conflicts, until it succeeds", check: conflictsPass, needs: []Ability{Tables, Transactions, Kinds, Conflicts}},
}

// Constraints that a statement may violate, by what the diagnosis calls them.
const (
	unnamed = ""  // it has no name
	anyName = "*" // the database makes one up
)

// told checks the diagnosis of an error. name is that of the constraint, or what the database may call it; secret is a
// value of the statement, which the hint must not have.
func (c check) told(db *conn.Conn, err error, kind registry.Kind, name, secret string) {
	c.Helper()
	if err == nil {
		c.Errorf("a statement succeeded that was to fail with the kind %q", kind)
		return
	}
	c.see(err)
	d := db.Diagnose(err)
	if d.Kind != kind {
		c.Errorf("got the kind %q, want %q: %v", d.Kind, kind, err)
	}
	if codes := strings.Fields(c.Codes[kind]); !slices.Contains(codes, d.Code) {
		c.Errorf("the code is %q, and Target.Codes has %q for the kind %q: %v", d.Code, codes, kind, err)
	}
	for _, wrapped := range []error{fmt.Errorf("wrapped: %w", err), errors.Join(errors.New("another"), err)} {
		if got := db.Diagnose(wrapped); got != d {
			c.Errorf("the diagnosis %+v becomes %+v in %T", d, got, wrapped)
		}
	}
	if d.Hint == "" || secret != "" && strings.Contains(d.Hint, secret) {
		c.Errorf("the hint is %q, which is to be there and without the value %q", d.Hint, secret)
	}
	switch {
	case name == unnamed:
	case name == anyName && d.Constraint != "":
	case !slices.Contains(strings.Split(name, "|"), d.Constraint):
		c.Errorf("the constraint is called %q, want %q: %v", d.Constraint, name, err)
	}
	if !strings.Contains(d.Hint, d.Constraint) {
		c.Errorf("the constraint %q is not in the hint %q", d.Constraint, d.Hint)
	}
}

// runsInto runs a statement that has to fail, twice: also on a connection on which it has failed before.
func (c check) runsInto(db *conn.Conn, kind registry.Kind, name, secret, query string, args ...any) {
	c.Helper()
	for range 2 {
		_, err := db.ExecContext(c.ctx(), c.statement(query), args...)
		c.told(db, err, kind, name, secret)
	}
	c.works(db)
}

// named returns the name if the target tells names of that kind, and what a database may call the columns instead.
func (c check) named(a Ability, name, table string, columns ...string) string {
	if !c.can(a) {
		return unnamed
	}
	var full []string
	for _, column := range columns {
		full = append(full, table+"."+column)
	}
	if len(full) != 0 {
		name += "|" + strings.Join(full, ", ")
	}
	return name
}

// value is one that is found in no other text.
const value = 4711

func duplicates(c check) {
	db, in := c.open(c.pool(1)), c.Columns.Int
	single, pair := "drivertest_"+unique(), "drivertest_"+unique()
	table := c.table(db, fmt.Sprintf(
		"id %s NOT NULL PRIMARY KEY, n %[1]s, a %[1]s, b %[1]s, CONSTRAINT %s UNIQUE (n), CONSTRAINT %s UNIQUE (a, b)", in, single, pair))
	insert := "INSERT INTO " + table + " (id, n, a, b) VALUES (?, ?, ?, ?)"
	c.exec(db, insert, value, value, value, value)
	c.exec(db, insert, 2, 2, value, 2)
	one, two := c.named(Constraints, single, table, "n"), c.named(Constraints, pair, table, "a", "b")
	key := unnamed
	if c.can(Constraints) {
		key = anyName
	}
	c.runsInto(db, registry.KindUnique, key, "4711", insert, value, 3, 3, 3)
	c.runsInto(db, registry.KindUnique, one, "4711", insert, 3, value, 3, 3)
	c.runsInto(db, registry.KindUnique, two, "4711", insert, 3, 3, value, value)
	c.runsInto(db, registry.KindUnique, one, "4711", "UPDATE "+table+" SET n = ? WHERE id = 2", value)
	c.runsInto(db, registry.KindUnique, two, "4711", "UPDATE "+table+" SET b = ? WHERE id = 2", value)
	c.counts(db, table, 2)
}

func references(c check) {
	db, in := c.open(c.pool(1)), c.Columns.Int
	key := "drivertest_" + unique()
	parent := c.table(db, "id "+in+" NOT NULL PRIMARY KEY")
	child := c.table(db, fmt.Sprintf("p %s, CONSTRAINT %s FOREIGN KEY (p) REFERENCES %s (id)", in, key, parent))
	c.exec(db, "INSERT INTO "+parent+" (id) VALUES (?)", 1)
	c.exec(db, "INSERT INTO "+child+" (p) VALUES (?)", 1)
	name := c.named(FKNames, key, child)
	c.runsInto(db, registry.KindForeignKey, name, "4711", "INSERT INTO "+child+" (p) VALUES (?)", value)
	c.runsInto(db, registry.KindForeignKey, name, "4711", "UPDATE "+child+" SET p = ?", value)
	c.runsInto(db, registry.KindForeignKey, name, "", "DELETE FROM "+parent)
	c.runsInto(db, registry.KindForeignKey, name, "4711", "UPDATE "+parent+" SET id = ?", value)
}

func nulls(c check) {
	db := c.open(c.pool(1))
	table := c.table(db, fmt.Sprintf("a %s NOT NULL, b %[1]s", c.Columns.Int))
	c.exec(db, "INSERT INTO "+table+" (a, b) VALUES (?, ?)", 1, nil)
	c.runsInto(db, registry.KindNotNull, unnamed, "4711", "INSERT INTO "+table+" (a, b) VALUES (?, ?)", nil, value)
	c.runsInto(db, registry.KindNotNull, unnamed, "4711", "INSERT INTO "+table+" (b) VALUES (?)", value)
	c.runsInto(db, registry.KindNotNull, unnamed, "", "UPDATE "+table+" SET a = NULL")
}

func checks(c check) {
	db := c.open(c.pool(1))
	limit := "drivertest_" + unique()
	table := c.table(db, fmt.Sprintf("a %s, CONSTRAINT %s CHECK (a < 10)", c.Columns.Int, limit))
	c.exec(db, "INSERT INTO "+table+" (a) VALUES (?)", 1)
	name := c.named(Constraints, limit, table)
	c.runsInto(db, registry.KindCheck, name, "4711", "INSERT INTO "+table+" (a) VALUES (?)", value)
	c.runsInto(db, registry.KindCheck, name, "4711", "UPDATE "+table+" SET a = ?", value)
}

func values(c check) {
	db := c.open(c.pool(1))
	table := c.table(db, "a SMALLINT, b VARCHAR(3), d "+c.Columns.Int)
	into := func(column, value string) string {
		return "INSERT INTO " + table + " (" + column + ") VALUES (" + value + ")"
	}
	c.runsInto(db, registry.KindValue, unnamed, "987654", into("a", "987654"))
	c.runsInto(db, registry.KindValue, unnamed, "abcdefgh", into("b", "'abcdefgh'"))
	c.runsInto(db, registry.KindValue, unnamed, "no number", into("d", "'no number'"))
	c.runsInto(db, registry.KindValue, unnamed, "abcdefgh", into("b", "?"), "abcdefgh")
}

func undefined(c check) {
	db := c.open(c.pool(1))
	table := c.numbers(db, 1)
	c.runsInto(db, registry.KindUndefined, unnamed, "", "SELECT n FROM drivertest_missing")
	c.runsInto(db, registry.KindUndefined, unnamed, "4711", "INSERT INTO drivertest_missing (n) VALUES (?)", value)
	c.runsInto(db, registry.KindUndefined, unnamed, "", "SELECT missing FROM "+table)
	c.runsInto(db, registry.KindUndefined, unnamed, "4711", "INSERT INTO "+table+" (missing) VALUES (?)", value)
	c.runsInto(db, registry.KindUndefined, unnamed, "", "UPDATE "+table+" SET missing = 1")
	c.runsInto(db, registry.KindUndefined, unnamed, "", "SELECT drivertest_missing(n) FROM "+table)
	c.runsInto(db, registry.KindUndefined, unnamed, "", "DROP TABLE drivertest_missing")
}

func exists(c check) {
	db := c.open(c.pool(1))
	table := c.numbers(db)
	c.runsInto(db, registry.KindExists, unnamed, "", "CREATE TABLE "+table+" (n "+c.Columns.Int+")")
}

func syntax(c check) {
	db := c.open(c.pool(1))
	c.runsInto(db, registry.KindSyntax, unnamed, "", "INSERT INTO VALUES")
	c.runsInto(db, registry.KindSyntax, unnamed, "", "SELECT 1 FROM WHERE")
}

func rights(c check) {
	db, poor := c.open(c.pool(1)), c.open(c.Poor.Clone())
	table := c.numbers(db, 1)
	c.runsInto(poor, registry.KindDenied, unnamed, "", "SELECT n FROM "+table)
	c.runsInto(poor, registry.KindDenied, unnamed, "4711", "INSERT INTO "+table+" (n) VALUES (?)", value)
	c.runsInto(poor, registry.KindDenied, unnamed, "", "DELETE FROM "+table)
	c.counts(db, table, 1)
}

func locked(c check) {
	holder, db := c.open(c.config()), c.open(c.Impatient.Clone())
	table := c.numbers(holder, 1)
	tx := c.begin(holder, nil)
	c.exec(tx, "UPDATE "+table+" SET n = 2")
	_, err := db.ExecContext(c.ctx(), c.statement("UPDATE "+table+" SET n = ?"), value)
	c.told(db, err, registry.KindBusy, unnamed, "4711")
	c.rollback(tx)
	c.exec(db, "UPDATE "+table+" SET n = 3")
}

func deadlock(c check) {
	db := c.open(c.pool(2))
	table := c.table(db, "id "+c.Columns.Int+" NOT NULL PRIMARY KEY, n "+c.Columns.Int)
	for id := range 2 {
		c.exec(db, "INSERT INTO "+table+" (id, n) VALUES (?, ?)", id, 0)
	}
	var held sync.WaitGroup
	held.Add(2)
	ctx, update := c.ctx(), c.statement("UPDATE "+table+" SET n = n + 1 WHERE id = ?")
	errs := c.both(func(i int) error {
		return inTx(ctx, db, nil, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, update, i)
			held.Done()
			if err != nil {
				return err
			}
			held.Wait()
			_, err = tx.ExecContext(ctx, update, 1-i)
			return err
		})
	})
	c.oneConflicts(db, errs)
	if sum := one[int](c, db, "SELECT SUM(n) FROM "+table); sum != 2 {
		c.Errorf("the one that succeeded changed %d rows, want 2", sum)
	}
}

// conflict has two transactions read a table and then add to it what they make of it. A database of a single writer does
// not let the second one begin.
func conflict(c check) {
	cfg := c.pool(2)
	if c.info.SingleWriter && c.Impatient != nil {
		cfg = c.Impatient.Clone()
	}
	db := c.open(cfg)
	table := c.numbers(db, 1)
	var read sync.WaitGroup
	read.Add(2)
	ctx, insert := c.ctx(), c.statement("INSERT INTO "+table+" (n) VALUES (?)")
	errs := c.both(func(int) error {
		once := sync.OnceFunc(read.Done)
		defer once() // the other one waits for it
		return inTx(ctx, db, &sql.TxOptions{Isolation: sql.LevelSerializable}, func(tx *sql.Tx) error {
			sum := 0
			if err := tx.QueryRowContext(ctx, "SELECT SUM(n) FROM "+table).Scan(&sum); err != nil {
				return err
			}
			once()
			read.Wait()
			_, err := tx.ExecContext(ctx, insert, sum)
			return err
		})
	})
	c.oneConflicts(db, errs)
	c.counts(db, table, 2)
}

// oneConflicts checks that one of two transactions succeeded, and what the other ended in.
func (c check) oneConflicts(db *conn.Conn, errs []error) {
	c.Helper()
	if (errs[0] == nil) == (errs[1] == nil) {
		c.Fatalf("the two transactions end in %v and %v, want one of them to fail", errs[0], errs[1])
	}
	kind, err := registry.KindConflict, errors.Join(errs...)
	if c.info.SingleWriter && db.Diagnose(err).Kind == registry.KindBusy {
		kind = registry.KindBusy
	}
	c.told(db, err, kind, unnamed, "")
}

// both runs f twice at the same time, with 0 and with 1.
func (c check) both(f func(i int) error) []error {
	c.Helper()
	next := make(chan int, 2)
	next <- 0
	next <- 1
	return c.together(2, func() error { return f(<-next) })
}

// inTx is what a program writes that does not use Conn.InTx.
func inTx(ctx context.Context, db *conn.Conn, opts *sql.TxOptions, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// conflictsPass counts up from several goroutines at once.
func conflictsPass(c check) {
	const goroutines, rounds = 3, 4
	db := c.open(c.pool(goroutines))
	table := c.numbers(db, 0)
	var calls atomic.Int32
	ctx, update := c.ctx(), c.statement("UPDATE "+table+" SET n = ?")
	errs := c.together(goroutines, func() error {
		for range rounds {
			err := db.InTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable}, func(tx *sql.Tx) error {
				calls.Add(1)
				n := 0
				if err := tx.QueryRowContext(ctx, "SELECT n FROM "+table).Scan(&n); err != nil {
					return fmt.Errorf("reading: %w", err)
				}
				_, err := tx.ExecContext(ctx, update, n+1)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		c.Error(err)
	}
	if got := one[int](c, db, "SELECT n FROM "+table); got != goroutines*rounds {
		c.Errorf("after %d transactions the count is %d (%d calls)", goroutines*rounds, got, calls.Load())
	}
	c.Logf("%d transactions took %d calls", goroutines*rounds, calls.Load())
}

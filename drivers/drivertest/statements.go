package drivertest

import (
	"database/sql"
	"slices"
	"strings"
	"sync"
)

// What statements do.
var statementBehaviours = []behaviour{
	{says: "rows come in the order asked for", check: rowsComeInOrder, needs: []Ability{Tables}},
	{says: "parameters are bound in order and never read as SQL", check: parametersAreBound, needs: []Ability{Tables}},
	{says: "a change tells how many rows it changed", check: changesAreCounted, needs: []Ability{Tables}},
	{says: "rows closed early give the connection back", check: earlyCloseReturns, needs: []Ability{Tables}},
	{says: "a mistake leaves the connection as good as it was", check: mistakeIsSurvived},
	{says: "a prepared statement runs on several connections", check: preparedRunsAnywhere, needs: []Ability{Tables}},
	{says: "a prepared statement runs in a transaction", check: preparedRunsInTx, needs: []Ability{Tables, Transactions}},
	{says: "a closed prepared statement fails, and its connection does not", check: preparedCloses, needs: []Ability{Tables}},
}

func rowsComeInOrder(c check) {
	db := c.open(c.config())
	table := c.numbers(db, 3, 1, 2)
	rows, err := db.QueryContext(c.ctx(), "SELECT n FROM "+table+" ORDER BY n DESC")
	if err != nil {
		c.Fatal(err)
	}
	defer c.close(rows)
	if columns, err := rows.Columns(); err != nil || len(columns) != 1 || !strings.EqualFold(columns[0], "n") {
		c.Errorf("the columns are %q, %v", columns, err)
	}
	var got []int
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			c.Fatal(err)
		}
		got = append(got, n)
	}
	if err := rows.Err(); err != nil || !slices.Equal(got, []int{3, 2, 1}) {
		c.Errorf("got %v, %v", got, err)
	}
}

func parametersAreBound(c check) {
	db := c.open(c.config())
	table := c.table(db, "a "+c.Columns.Text+", b "+c.Columns.Int+", d "+c.Columns.Text)
	text := `'; DROP TABLE ` + table + `; -- \' ? $1 @p1 %s`
	c.exec(db, "INSERT INTO "+table+" (a, b, d) VALUES (?, ?, ?)", text, 7, "last")
	var (
		a, d string
		b    int
	)
	query := c.statement("SELECT d, b, a FROM " + table + " WHERE b = ? AND b < ?")
	if err := db.QueryRowContext(c.ctx(), query, 7, 8).Scan(&d, &b, &a); err != nil {
		c.Fatal(err)
	}
	if a != text || b != 7 || d != "last" {
		c.Errorf("got %q, %d, %q", a, b, d)
	}
	if err := db.QueryRowContext(c.ctx(), query, 8, 7).Scan(&d, &b, &a); err != sql.ErrNoRows {
		c.Errorf("with the parameters exchanged, the error is %v", err)
	}
}

func changesAreCounted(c check) {
	db := c.open(c.config())
	table := c.numbers(db, 1, 2, 3)
	n, err := c.exec(db, "UPDATE "+table+" SET n = n + ? WHERE n > ?", 10, 1).RowsAffected()
	if err != nil || n != 2 {
		c.Errorf("RowsAffected is %d, %v; want 2", n, err)
	}
	if got := one[int](c, db, "SELECT COUNT(*) FROM "+table+" WHERE n > ?", 10); got != 2 {
		c.Errorf("%d rows were changed, want 2", got)
	}
}

func earlyCloseReturns(c check) {
	db := c.open(c.pool(1))
	table := c.numbers(db, 1, 2, 3)
	for range 3 {
		rows, err := db.QueryContext(c.ctx(), "SELECT n FROM "+table)
		if err != nil {
			c.Fatal(err)
		}
		if !rows.Next() {
			c.Fatalf("no row: %v", rows.Err())
		}
		c.close(rows)
	}
	c.works(db)
}

func mistakeIsSurvived(c check) {
	db := c.open(c.pool(1))
	for range 3 {
		_, err := db.ExecContext(c.ctx(), "SELEKT 1")
		c.see(err)
		if err == nil {
			c.Fatal("a statement in no language succeeded")
		}
		if kind := db.Diagnose(err).Kind; kind.Retryable() {
			c.Errorf("a mistake in a statement is of the kind %q, which is repeated: %v", kind, err)
		}
		c.works(db)
	}
}

func preparedRunsAnywhere(c check) {
	db := c.open(c.pool(3))
	table := c.numbers(db, 1, 2, 3)
	stmt := c.prepare(db.DB, "SELECT COUNT(*) FROM "+table+" WHERE n <= ?")
	held := c.hold(db, 2) // so that it has to be prepared again on the third
	c.answers(stmt, 2)
	for _, one := range held {
		c.close(one)
	}
	var all sync.WaitGroup
	for n := range 12 {
		all.Go(func() { c.answers(stmt, n%4) })
	}
	all.Wait()
}

func (c check) prepare(db *sql.DB, query string) *sql.Stmt {
	c.Helper()
	stmt, err := db.PrepareContext(c.ctx(), c.statement(query))
	if err != nil {
		c.Fatalf("Prepare: %v", err)
	}
	c.Cleanup(func() { c.close(stmt) })
	return stmt
}

// answers checks that a statement that counts up to its parameter does.
func (c check) answers(stmt *sql.Stmt, n int) {
	c.Helper()
	got := -1
	if err := stmt.QueryRowContext(c.ctx(), n).Scan(&got); err != nil || got != n {
		c.Errorf("the prepared statement says %d, %v; want %d", got, err, n)
	}
}

func preparedRunsInTx(c check) {
	db := c.open(c.config())
	table := c.numbers(db, 1, 2, 3)
	stmt := c.prepare(db.DB, "SELECT COUNT(*) FROM "+table+" WHERE n <= ?")
	tx := c.begin(db, nil)
	c.answers(tx.StmtContext(c.ctx(), stmt), 3)
	own, err := tx.PrepareContext(c.ctx(), c.statement("UPDATE "+table+" SET n = ? WHERE n = ?"))
	if err != nil {
		c.Fatalf("Prepare: %v", err)
	}
	if _, err := own.ExecContext(c.ctx(), 9, 3); err != nil {
		c.Errorf("Exec: %v", err)
	}
	c.commit(tx)
	c.answers(stmt, 2)
}

func preparedCloses(c check) {
	db := c.open(c.pool(1))
	table := c.numbers(db, 1)
	stmt := c.prepare(db.DB, "SELECT COUNT(*) FROM "+table+" WHERE n <= ?")
	c.answers(stmt, 1)
	c.close(stmt)
	if err := stmt.QueryRowContext(c.ctx(), 1).Scan(new(int)); err == nil {
		c.Error("a closed statement ran")
	}
	c.works(db)
}

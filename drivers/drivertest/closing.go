package drivertest

import (
	"errors"
	"slices"

	"github.com/patchbay-go/patchbay/conn"
)

// What is left when a database is closed: nothing.
var closingBehaviours = []behaviour{
	{says: "Close leaves no goroutine, file or server connection", check: closeLeavesNothing},
	{says: "a connection in use is closed when it is returned", check: closeWaitsForNobody},
	{says: "for one opening there is one closing, however it closes", check: eventsPairUp},
	{says: "nothing runs after Close", check: nothingRunsAfterClose},
	{says: "many failing opens leave nothing", check: failuresLeaveNothing},
}

func closeLeavesNothing(c check) {
	before, w := c.now(), c.wire()
	db := c.open(c.pool(3), w.option())
	for _, held := range c.hold(db, 3) {
		c.works(held)
		c.close(held)
	}
	if err := db.Close(); err != nil {
		c.Errorf("Close: %v", err)
	}
	if !eventually(patience, func() bool { return w.opened() == 0 }) {
		c.Errorf("%d network connections are open", w.opened())
	}
	c.nothingLeft(before)
}

func closeWaitsForNobody(c check) {
	before := c.now()
	db := c.open(c.pool(1))
	held := c.hold(db, 1)[0]
	if err := db.Close(); err != nil {
		c.Errorf("Close: %v", err)
	}
	c.works(held)
	c.close(held)
	c.nothingLeft(before)
}

func eventsPairUp(c check) {
	for name, end := range map[string]func(*conn.Conn) error{
		"Close":       (*conn.Conn).Close,
		"DB.Close":    func(db *conn.Conn) error { return db.DB.Close() },
		"Close twice": func(db *conn.Conn) error { return errors.Join(db.Close(), db.Close()) },
		"both":        func(db *conn.Conn) error { return errors.Join(db.DB.Close(), db.Close()) },
		"Abort":       func(db *conn.Conn) error { return db.Abort(nil) },
	} {
		db, j := c.record(c.config())
		if err := end(db); err != nil {
			c.Errorf("%s: %v", name, err)
		}
		if got := j.names(); !slices.Equal(got, []string{"connection:open", "connection:close"}) {
			c.Errorf("%s: the events are %v", name, got)
		}
	}
}

func nothingRunsAfterClose(c check) {
	db := c.open(c.config())
	if err := db.Close(); err != nil {
		c.Errorf("Close: %v", err)
	}
	if err := c.run(c.ctx(), db, c.testQuery()); err == nil {
		c.Error("a query ran on a closed pool")
	}
}

func failuresLeaveNothing(c check) {
	var kinds []func(check) Failure
	for _, f := range []struct {
		needs  []Ability
		config func(check) Failure
	}{
		{[]Ability{Network}, noServer},
		{[]Ability{Network}, hangingUp},
		{[]Ability{Network, Passwords}, wrongPassword},
		{[]Ability{Network, Databases}, missingDatabase},
	} {
		if !slices.ContainsFunc(f.needs, func(a Ability) bool { return !c.can(a) }) {
			kinds = append(kinds, f.config)
		}
	}
	if !c.can(Network) && c.can(Databases) {
		kinds = append(kinds, missingFolder)
	}
	if len(kinds) == 0 {
		c.Skip("the target has no failures that the suite can make")
	}
	var failures []Failure
	for _, kind := range kinds {
		failures = append(failures, kind(c))
	}
	before := c.now()
	for range 5 {
		for _, f := range failures {
			c.fail(c.ctx(), f.Config, f.Options...)
		}
	}
	c.nothingLeft(before)
}

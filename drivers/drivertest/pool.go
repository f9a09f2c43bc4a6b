package drivertest

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// What bounds a pool.
var poolBehaviours = []behaviour{
	{says: "no more than Max connections are open", check: maxHolds},
	{says: "the server sees no more than Max connections", check: maxHoldsOnServer, needs: []Ability{Sessions}},
	{says: "Min connections are ready, and one that breaks is made up for", check: minIsKept},
	{says: "a connection is used again", check: connectionIsReused},
	{says: "every connection is another to the server", check: sessionsDiffer, needs: []Ability{Kill}},
	{says: "a connection that is broken is replaced", check: brokenIsReplaced},
	{says: "a failed connect gives the only slot back", check: failedConnectFreesSlot},
}

func maxHolds(c check) {
	var n counter
	db := c.open(c.pool(2), n.option())
	c.hold(db, 2)
	ctx, cancel := context.WithTimeout(c.ctx(), soon)
	defer cancel()
	if third, err := db.Conn(ctx); err == nil {
		c.close(third)
		c.Error("Max is 2, and a third connection was handed out")
	} else if !errors.Is(err, context.DeadlineExceeded) {
		c.Errorf("waiting for a connection ends in %v", err)
	}
	if got := n.connects.Load(); got != 2 {
		c.Errorf("the connector was asked for %d connections, Max is 2", got)
	}
}

func maxHoldsOnServer(c check) {
	before := c.settled()
	db := c.open(c.pool(2))
	if err := errors.Join(c.together(12, func() error { return run(c.ctx(), db, c.testQuery()) })...); err != nil {
		c.Error(err)
	}
	c.hold(db, 2)
	if got := c.sessions() - before; got != 2 {
		c.Errorf("the server has %d connections more, with Max 2 and 2 in use", got)
	}
}

func minIsKept(c check) {
	const least = 3
	cfg := c.pool(2 * least)
	cfg.Pool.Min = least
	db := c.open(cfg, conn.WithCheckInterval(10*time.Millisecond))
	if ready := db.Stats().OpenConnections; ready != least { // one of them may just be tested
		c.Errorf("%d connections are ready, Min is %d", ready, least)
	}
	c.retire(db)
	if !eventually(patience, func() bool { return db.Stats().Idle == least }) {
		c.Errorf("after one broke, %d connections are ready, Min is %d", db.Stats().Idle, least)
	}
	c.works(db)
}

func connectionIsReused(c check) {
	var n counter
	db := c.open(c.pool(1), n.option())
	for range 5 {
		c.works(db)
		if c.can(Transactions) {
			c.commit(c.begin(db, nil))
		}
	}
	if got := n.connects.Load(); got != 1 {
		c.Errorf("one statement after the other took %d connections", got)
	}
}

func sessionsDiffer(c check) {
	held := c.hold(c.open(c.pool(2)), 2)
	if a, b := one[string](c, held[0], c.Session), one[string](c, held[1], c.Session); a == b {
		c.Errorf("two connections are both %q to the server", a)
	}
}

// retire has the pool close its only connection, as one that is broken.
func (c check) retire(db *conn.Conn) {
	c.Helper()
	held, err := db.Conn(c.ctx())
	if err != nil {
		c.Fatal(err)
	}
	if err := held.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
		c.Fatalf("Raw: %v", err)
	}
}

func brokenIsReplaced(c check) {
	var n counter
	db := c.open(c.pool(1), n.option())
	c.retire(db)
	c.works(db)
	if got := n.connects.Load(); got != 2 {
		c.Errorf("the connector was asked for %d connections, want 2", got)
	}
}

func failedConnectFreesSlot(c check) {
	var n counter
	db := c.open(c.pool(1), n.option())
	failure := errors.New("drivertest: not now")
	n.failure.Store(&failure)
	c.retire(db)
	for _, err := range c.together(3, func() error { return run(c.ctx(), db, c.testQuery()) }) {
		if !errors.Is(err, failure) {
			c.Errorf("got %v, want %v", err, failure)
		}
	}
	n.failure.Store(nil)
	c.works(db)
	if !eventually(time.Second, func() bool { return db.Stats().InUse == 0 }) {
		c.Errorf("connections are still in use: %+v", db.Stats())
	}
}

package drivertest

import (
	"context"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
)

// What ends a statement.
var contextBehaviours = []behaviour{
	{says: "a context that has ended runs nothing", check: endedContextRunsNothing},
	{says: "canceling ends a running statement, and the pool goes on", check: cancelEnds, needs: []Ability{Cancel}},
	{says: "a deadline ends a running statement, and the pool goes on", check: deadlineEnds, needs: []Ability{Cancel}},
	{says: "canceling ends a statement in a transaction", check: cancelEndsTx, needs: []Ability{Cancel, Transactions}},
	{says: "Abort cuts a running statement", check: abortCuts, needs: []Ability{Cancel, Network}},
	{says: "a connection that the server kills is replaced", check: killedIsReplaced, needs: []Ability{Kill}},
	{says: "a statement whose connection is killed fails as lost", check: killedStatementFails, needs: []Ability{Kill, Cancel}},
}

// soon is long enough for a statement to be under way, in most cases: where it is not, it ends all the same.
const soon = 100 * time.Millisecond

// meanwhile does f while the caller runs a statement. The caller calls wait when that is over.
func (c check) meanwhile(name string, f func() error) (wait func()) {
	result := make(chan error, 1)
	timer := time.AfterFunc(soon, func() { result <- f() })
	return func() {
		if timer.Stop() {
			return
		}
		if err := <-result; err != nil {
			c.Errorf("%s: %v", name, err)
		}
	}
}

func endedContextRunsNothing(c check) {
	db := c.open(c.pool(1))
	ctx, cancel := context.WithCancel(c.ctx())
	cancel()
	if err := c.run(ctx, db, c.testQuery()); db.Diagnose(err).Kind != registry.KindCanceled {
		c.Errorf("got %v, of the kind %q", err, db.Diagnose(err).Kind)
	}
	c.works(db)
}

func cancelEnds(c check) {
	db := c.open(c.pool(1)) // which may take as long as the statement has
	ctx, cancel := context.WithCancel(c.ctx())
	defer cancel()
	defer time.AfterFunc(soon, cancel).Stop()
	c.ends(ctx, db)
}

func deadlineEnds(c check) {
	db := c.open(c.pool(1))
	ctx, cancel := context.WithTimeout(c.ctx(), soon)
	defer cancel()
	c.ends(ctx, db)
}

// ends checks that a slow statement is over when ctx is, and that its pool has taken no harm.
func (c check) ends(ctx context.Context, db *conn.Conn) {
	c.Helper()
	err := c.run(ctx, db, c.Slow)
	if kind := db.Diagnose(err).Kind; kind != registry.KindCanceled {
		c.Errorf("the statement ended in %v, of the kind %q, want %q", err, kind, registry.KindCanceled)
	}
	c.works(db)
}

func cancelEndsTx(c check) {
	db := c.open(c.pool(1))
	tx := c.begin(db, nil)
	ctx, cancel := context.WithTimeout(c.ctx(), soon)
	defer cancel()
	if err := c.run(ctx, tx, c.Slow); db.Diagnose(err).Kind != registry.KindCanceled {
		c.Errorf("the statement ended in %v, of the kind %q", err, db.Diagnose(err).Kind)
	}
	// The connection is gone where the driver could stop the statement in no other way.
	if err := tx.Rollback(); err != nil {
		c.see(err)
	}
	c.works(db)
}

func abortCuts(c check) {
	before := c.now()
	db := c.open(c.pool(1))
	defer c.meanwhile("Abort", func() error { return db.Abort(nil) })()
	if err := c.run(c.ctx(), db, c.Slow); err == nil {
		c.Error("the statement succeeded")
	}
	before.sessions = c.sessions() // a server may not notice before it has something to say
	c.nothingLeft(before)
}

// kill ends the connection from the server's side.
func (c check) kill(db executor) {
	c.Helper()
	if err := c.Kill(c.ctx(), one[string](c, db, c.Session)); err != nil {
		c.Fatalf("Target.Kill: %v", err)
	}
}

func killedIsReplaced(c check) {
	db := c.open(c.pool(1))
	c.kill(db)
	if err := c.run(c.ctx(), db, c.testQuery()); err != nil {
		c.lost(db, err)
		c.works(db)
	}
}

// lost fails the subtest unless the error says that the connection is gone.
func (c check) lost(db *conn.Conn, err error) {
	c.Helper()
	if kind := db.Diagnose(err).Kind; kind != registry.KindLost && kind != registry.KindStarting {
		c.Errorf("got %v, of the kind %q, want %q or %q", err, kind, registry.KindLost, registry.KindStarting)
	}
}

func killedStatementFails(c check) {
	db := c.open(c.pool(1))
	held := c.hold(db, 1)[0] // a single connection, because a pool may begin the statement again on another
	ctx, session := c.ctx(), one[string](c, held, c.Session)
	defer c.meanwhile("Target.Kill", func() error { return c.Kill(ctx, session) })()
	c.lost(db, c.run(c.ctx(), held, c.Slow))
	if err := held.Close(); err != nil {
		c.see(err)
	}
	c.works(db)
}

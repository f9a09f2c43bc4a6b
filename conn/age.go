package conn

import (
	"database/sql"
	"database/sql/driver"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// grow notes a new connection. It ends before it reaches Pool.MaxLifetime, at a moment of its own in the last quarter of
// that: database/sql would end those that were opened together at the same moment, and all would be dialed anew then. Those
// that have no sockets are left to that.
func (c *connector) grow(dc driver.Conn, l *login) {
	if most := c.limits.MaxLifetime; most > 0 && c.upkeep != nil {
		l.due = time.Now().Add(most - time.Duration(rand.Int64N(int64(most)/4+1)))
		l.end = time.AfterFunc(math.MaxInt64, func() { c.replace(l) })
		l.end.Reset(time.Until(l.due))
	}
	c.logins.add(dc, l)
}

// replace closes a connection that is old, and others that are, when they are idle. One in use is looked at again later;
// database/sql closes it at the latest when it is returned after Pool.MaxLifetime. Those of Pool.Min are left to the keeper,
// who opens others in their place.
func (c *connector) replace(l *login) {
	ctx, ok := c.enter()
	if !ok {
		return
	}
	defer c.probes.Done()
	var held []*sql.Conn
	for !l.Empty() {
		stats := c.stats()
		if stats.Idle == 0 || c.keeper != nil && stats.OpenConnections <= c.keeper.min {
			break
		}
		one, err := c.takeIdle(ctx, grace)
		if err != nil {
			break
		}
		if c.loginOf(one).isOld() {
			c.retire(one)
		} else {
			held = append(held, one)
		}
	}
	for _, one := range slices.Backward(held) { // as they were
		c.release(one)
	}
	if !l.Empty() {
		l.end.Reset(c.limits.MaxLifetime/32 + grace)
	}
}

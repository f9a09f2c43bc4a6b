package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"math/rand/v2"
	"slices"
	"time"
)

// ageing ends connections before they reach Pool.MaxLifetime, each at a moment of its own in the last quarter of that:
// database/sql would end those that were opened together at the same moment, and all would be dialed anew then. It knows
// connections that have sockets. Guarded by the lifetime's mu.
type ageing struct {
	most  time.Duration
	timer *time.Timer
	next  time.Time // when it fires
}

// grow notes a new connection.
func (c *connector) grow(dc driver.Conn, l *login) {
	ages := c.upkeep != nil && c.ages != nil
	if ages { // before replaceOld sees it
		l.due = time.Now().Add(c.ages.most - time.Duration(rand.Int64N(int64(c.ages.most)/4+1)))
	}
	if c.logins.add(dc, l) && ages {
		c.lookAt(l.due)
	}
}

// lookAt has the pool look for old connections at that time, or before.
func (c *connector) lookAt(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.ages
	switch {
	case c.ending:
	case a.timer == nil:
		a.timer, a.next = time.AfterFunc(time.Until(at), c.replaceOld), at
		c.onClose = append(c.onClose, func() { a.timer.Stop() })
	case a.next.IsZero() || at.Before(a.next):
		a.timer.Reset(time.Until(at))
		a.next = at
	}
}

// replaceOld closes connections that are old and idle. Those in use are looked at again later; database/sql closes them at
// the latest when they are returned after Pool.MaxLifetime.
func (c *connector) replaceOld() {
	ctx, ok := c.enter()
	if !ok {
		return
	}
	defer c.probes.Done()
	c.mu.Lock()
	c.ages.next = time.Time{}
	c.mu.Unlock()
	old, next := 0, time.Time{}
	for _, l := range c.logins.all() {
		switch {
		case l.isOld():
			old++
		case next.IsZero() || l.due.Before(next):
			next = l.due
		}
	}
	if old > c.retireOld(ctx, old) {
		again := time.Now().Add(c.ages.most/32 + grace)
		if next.IsZero() || again.Before(next) {
			next = again
		}
	}
	if !next.IsZero() {
		c.lookAt(next)
	}
}

// retireOld closes up to n idle connections that are old. It leaves those of Pool.Min to the keeper, who replaces them.
func (c *connector) retireOld(ctx context.Context, n int) (closed int) {
	var held []*sql.Conn
	for closed < n {
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
			closed++
		} else {
			held = append(held, one)
		}
	}
	slices.Reverse(held) // as they were
	c.release(over, held...)
	return closed
}

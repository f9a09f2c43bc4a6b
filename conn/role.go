package conn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
	"github.com/patchbay-go/patchbay/observer"
)

// hear is the Role of the driver's Env.
func (c *connector) hear(socket net.Conn, r Role, cause error) {
	m, ok := socket.(*netconn.Member)
	if !ok || m.Owner == nil {
		return // it is none of a login
	}
	l := m.Owner.(*login)
	c.roles.Lock()
	if l.role == RoleAny && r != RoleAny { // the login tells
		l.role, l.asked = r, time.Now()
	} else if r != l.role {
		c.mistrust(l.host, cause)
	}
	c.roles.Unlock()
}

// hearRefusal hears of a refused write from who got it: not every driver does. On which connection it was, nobody tells.
func (c *connector) hearRefusal(err error) {
	if c.role != RoleWriter {
		return
	}
	for _, h := range c.hosts {
		c.suspect(h, err)
	}
}

// suspect has the connections to a server looked at, of which one tells that it may not be any more what it was.
func (c *connector) suspect(h *host, cause error) {
	if c.role != RoleAny && h.hasAny(c.logins.all()) {
		c.roles.Lock()
		c.mistrust(h, cause)
		c.roles.Unlock()
	}
}

// hasAny reports whether one of the connections is to this host.
func (h *host) hasAny(logins []*login) bool {
	return slices.ContainsFunc(logins, func(l *login) bool { return l.host == h })
}

// checkRole returns what the server of a new connection is, and an error of KindRole where that is not what the config
// asks for. It asks the server only if it has to know, and the login did not tell.
func (c *connector) checkRole(ctx context.Context, dc driver.Conn, l *login) (Role, error) {
	if c.role == RoleAny {
		return RoleAny, nil
	}
	c.roles.Lock()
	role, at := l.role, l.asked
	c.roles.Unlock()
	if role == RoleAny {
		value, err := queryOne(ctx, dc, c.roleQuery, c.args)
		if c.noAnswer(ctx, err) {
			return RoleAny, err
		}
		if role = roleOf(value); err != nil {
			return RoleAny, &endError{KindRole, fmt.Errorf("the server cannot tell its role: %w", err)}
		}
		at = time.Now()
	}
	c.emit(c.learn(l, role, at, nil))
	return role, c.judge(role)
}

// noAnswer reports whether asking for the role failed in a way that tells nothing of it.
func (c *connector) noAnswer(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || goesOn(diagnose(err, c.driver).Kind))
}

// judge returns an error of KindRole for a role that is not what the config asks for.
func (c *connector) judge(role Role) error {
	switch {
	case role == RoleAny:
		return &endError{KindRole, errNotUsable}
	case !c.fits(role):
		return &endError{KindRole, fmt.Errorf("the server is a %v, not a %v", role, c.role)}
	}
	return nil
}

var errNotUsable = errors.New("the server is neither a writer nor a reader: it is not ready, or has lost the others of its cluster")

// fits reports whether a server of this role is one that the config asks for.
func (c *connector) fits(r Role) bool {
	return r == c.role || c.role == RolePreferReader && r != RoleAny
}

// roleOf reads the answer to the RoleQuery of an Info.
func roleOf(answer driver.Value) Role {
	switch fmt.Sprint(answer) {
	case "1", "true":
		return RoleWriter
	case "0", "false":
		return RoleReader
	}
	return RoleAny
}

// learn notes what the server of a connection was at a time, and returns an event for the bus if it was another when it was heard
// of last, else nil. failed is the error of asking it, if that tells its role.
func (c *connector) learn(l *login, is Role, at time.Time, failed error) observer.Event {
	h := l.host
	if h.standing == nil { // a file
		return nil
	}
	c.roles.Lock()
	before := l.role
	l.role, l.asked = is, at
	if before != RoleAny && is != before && h.since.IsZero() { // and so may it be over the others
		c.mistrust(h, failed)
	}
	cause := h.cause
	if c.fits(is) {
		cause = nil // it is that of an earlier change
	} else if cause == nil {
		cause = failed
	}
	was, known := h.role, h.known
	h.role, h.known = is, true
	c.roles.Unlock()
	if !known || was == is {
		return nil
	}
	return RoleChanged{c.name, c.dialect, h.address, was, is, shown(cause)}
}

// mistrust notes that a server may not be any more what it was. c.roles is held.
func (c *connector) mistrust(h *host, cause error) {
	h.since, h.cause = time.Now(), cause
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// trust drops the suspicions against servers to which none of the connections is that was not asked since.
func (c *connector) trust(logins []*login) (left bool) {
	c.roles.Lock()
	for _, h := range c.hosts {
		if slices.ContainsFunc(logins, func(l *login) bool { return l.host == h && l.asked.Before(h.since) }) {
			left = true
		} else {
			h.since, h.cause = time.Time{}, nil
		}
	}
	c.roles.Unlock()
	return left
}

// askRoles asks the servers of idle connections for their roles, and closes the connections to those that are not any
// more what the config asks for. It asks over each connection to a server that is suspected, because there may be
// several servers behind one address, and else over those that were used last, as many as there are servers.
// It reports whether there are connections to suspects that it could not ask over.
func (k *keeper) askRoles() (left bool) {
	c := k.pool
	logins, n, suspected := c.logins.all(), 0, false
	c.roles.Lock()
	for _, h := range c.hosts {
		if h.hasAny(logins) {
			n++
			suspected = suspected || !h.since.IsZero()
		}
	}
	c.roles.Unlock()
	if n = max(n, 1); suspected {
		n = c.stats().OpenConnections
	}
	var asked atomic.Int32
	k.eachIdle(k.ctx, n, func(one *sql.Conn) {
		asked.Add(1)
		k.askRole(one, suspected)
	})
	left = c.trust(c.logins.all())
	switch {
	case left:
		n *= 2 // it may get one twice
	case asked.Load() == 0:
		n = 1
	default:
		return false
	}
	// A pool that is busy all the time has none that is idle: this waits for one as a caller does, and keeps none while it
	// waits for the next.
	for ; n > 0 && c.stats().InUse > 0; n-- {
		waits := c.stats().WaitCount
		one, err := c.takeIdle(k.ctx, suspectPause)
		if c.stats().WaitCount > waits {
			k.waits++ // it is none of a caller
		}
		if err != nil {
			break
		}
		k.askRole(one, left)
		if left = c.trust(c.logins.all()); !left {
			break
		}
	}
	return left
}

// askRole asks over one connection, which it gives back or closes; over one to a suspect only, and once, if suspected
// says so.
func (k *keeper) askRole(one *sql.Conn, suspected bool) {
	c := k.pool
	of := c.loginOf(one)
	if of == nil { // a dialect without sockets
		of = &login{host: &host{standing: new(standing)}}
	}
	c.roles.Lock()
	isSuspect := of.asked.Before(of.host.since)
	c.roles.Unlock()
	if suspected && !isSuspect {
		c.release(one)
		return
	}
	l := k.toAnswer()
	answer, err := c.ask(k.ctx, l, one, c.roleQuery) // which closes it if that fails
	if c.noAnswer(k.ctx, err) {
		return
	}
	now := roleOf(answer)
	changed := c.learn(of, now, l.from, err)
	switch {
	case err != nil:
	case c.fits(now):
		c.release(one)
	default:
		c.retire(one)
	}
	c.emit(changed) // last, so that a listener may shut the pool down
}

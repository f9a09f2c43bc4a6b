package conn

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/internal/netconn"
)

// hear is the Role of the driver's Env.
func (c *connector) hear(socket net.Conn, r Role, cause error) {
	m, ok := socket.(*netconn.Member)
	if !ok || m.Owner == nil {
		return // it is none of a login
	}
	l := m.Owner.(*login)
	if was, _ := l.known(); was == RoleAny && r != RoleAny { // the login tells
		l.know(r, time.Now())
	} else if r != was {
		c.suspects.add(l.host, cause)
	}
}

// hearRefusal hears what a transaction ended with. Not every driver hears it, and the transaction does not tell its connection.
func (c *connector) hearRefusal(err error) {
	if c.role != RoleWriter || diagnose(err, c.driver).Kind != KindReadOnly {
		return
	}
	for _, h := range c.hosts {
		c.suspect(h, err)
	}
}

// suspect has the connections to a server looked at, of which one tells that it may not be any more what it was.
func (c *connector) suspect(h *host, cause error) {
	if c.role != RoleAny && slices.ContainsFunc(c.logins.all(), func(l *login) bool { return l.host == h }) {
		c.suspects.add(h, cause)
	}
}

// checkRole returns what the server of a new connection is, and an error of KindRole where that is not what the config
// asks for. It asks the server only if it has to know, and the login did not tell.
func (c *connector) checkRole(ctx context.Context, dc driver.Conn, l *login) (Role, error) {
	if c.role == RoleAny {
		return RoleAny, nil
	}
	role, _ := l.known()
	if role == RoleAny {
		value, err := queryOne(ctx, dc, c.roleQuery, c.args)
		if c.noAnswer(ctx, err) {
			return RoleAny, err
		}
		if role = roleOf(value); err != nil {
			return RoleAny, &endError{KindRole, fmt.Errorf("the server cannot tell its role: %w", err)}
		}
		l.know(role, time.Now())
	}
	c.noteRole(l.host, role, c.suspects.get(l.host).cause)
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

// noteRole tells the bus if a server was another when it was heard of last. cause is why it was asked.
func (c *connector) noteRole(h *host, is Role, cause error) {
	if h.standing == nil { // a file
		return
	}
	if c.fits(is) {
		cause = nil // it is that of an earlier change
	}
	h.mu.Lock()
	was, known := h.role, h.known
	h.role, h.known = is, true
	h.mu.Unlock()
	if known && was != is {
		c.emit(RoleChanged{c.name, c.dialect, h.address, was, is, shown(cause)})
	}
}

// suspects are the servers that may not be any more what they were.
type suspects struct {
	kick chan struct{} // full when there is a new one
	mu   sync.Mutex
	all  map[*host]suspicion
}

type suspicion struct {
	since time.Time
	cause error
}

func newSuspects() *suspects {
	return &suspects{kick: make(chan struct{}, 1), all: make(map[*host]suspicion)}
}

func (s *suspects) add(h *host, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[h] = suspicion{time.Now(), cause}
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// get returns the zero value for a server that is not suspected.
func (s *suspects) get(h *host) suspicion {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[h]
}

// have reports whether a connection is to a suspect, and its server was not asked since.
func (s *suspects) have(l *login) bool {
	_, asked := l.known()
	return asked.Before(s.get(l.host).since)
}

// clear forgets the suspects of which no connection is left that was not asked since.
func (s *suspects) clear(logins []*login) (left bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for h, why := range s.all {
		isOpen := func(l *login) bool {
			_, asked := l.known()
			return l.host == h && asked.Before(why.since)
		}
		if !slices.ContainsFunc(logins, isOpen) {
			delete(s.all, h)
		}
	}
	return len(s.all) > 0
}

// forget drops all suspicions.
func (s *suspects) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.all)
}

// askRoles asks the servers of idle connections for their roles, and closes the connections to those that are not any
// more what the config asks for. It asks over each connection to a server that is suspected, because there may be
// several servers behind one address, and else over those that were used last, as many as there are servers.
// It reports whether there are connections to suspects that it could not ask over.
func (k *keeper) askRoles() (left bool) {
	c := k.pool
	servers := make(map[*host]bool)
	suspected := false
	for _, l := range c.logins.all() {
		servers[l.host] = true
		suspected = suspected || !c.suspects.get(l.host).since.IsZero()
	}
	n := max(len(servers), 1)
	if suspected {
		n = c.stats().OpenConnections
	}
	var asked atomic.Int32
	k.eachIdle(k.ctx, n, func(one *sql.Conn) {
		asked.Add(1)
		k.askRole(one, suspected)
	})
	left = c.suspects.clear(c.logins.all())
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
		waits := c.db.Stats().WaitCount
		one, err := c.takeIdle(k.ctx, suspectPause)
		if c.db.Stats().WaitCount > waits {
			k.waits++ // it is none of a caller
		}
		if err != nil {
			break
		}
		k.askRole(one, left)
		if left = c.suspects.clear(c.logins.all()); !left {
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
		of = &login{host: new(host)}
	}
	if suspected && !c.suspects.have(of) {
		c.release(one)
		return
	}
	why := c.suspects.get(of.host)
	l := k.toAnswer()
	answer, err := c.ask(k.ctx, l, one, c.roleQuery) // which closes it if that fails
	if c.noAnswer(k.ctx, err) {
		return
	}
	now := roleOf(answer)
	if was := of.know(now, l.from); was != RoleAny && now != was && why.since.IsZero() { // and so may it be over the others
		c.suspects.add(of.host, err)
	}
	switch {
	case err != nil:
	case c.fits(now):
		c.release(one)
	default:
		c.retire(one)
	}
	c.noteRole(of.host, now, cmp.Or(why.cause, err)) // last, so that a listener may shut the pool down
}

package netconn

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Group is a set of open network connections that can be made to fail together: those of one login, or of one pool.
// Its methods may be called concurrently. The zero value is an empty group.
type Group struct {
	mu              sync.Mutex
	open            map[*Member]struct{}
	expired, closed bool
	empty           func()
	broken, silent  atomic.Int32
}

// Member is a connection of groups, which it leaves when it is closed.
type Member struct {
	Conn
	Owner   any // for the user, who sets it
	groups  []*Group
	told    atomic.Bool // that it is broken
	answers atomic.Bool // the last read that waited got something
}

// Join returns c as a member of the groups, which it is until it is closed.
func Join(c net.Conn, groups ...*Group) *Member {
	m := &Member{Conn: Conn{c}, groups: groups}
	for _, g := range groups {
		g.add(m)
	}
	return m
}

func (g *Group) add(m *Member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		_ = m.Conn.Close() // nothing has been written to it
		return
	}
	if g.open == nil {
		g.open = make(map[*Member]struct{})
	}
	g.open[m] = struct{}{}
	if g.expired {
		expire(m)
	}
}

func (g *Group) remove(m *Member) {
	g.mu.Lock()
	delete(g.open, m)
	tell := g.empty
	if len(g.open) > 0 {
		tell = nil
	}
	g.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// Expire makes everything fail that waits for a member, now or later, and for those that join from now on.
func (g *Group) Expire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expired = true
	for m := range g.open {
		expire(m)
	}
}

// Broken is how many members have failed since Mend was called, other than by a deadline or because they were
// closed: those of which the other side has gone.
func (g *Group) Broken() int { return int(g.broken.Load()) }

// Mend has Broken begin anew.
func (g *Group) Mend() { g.broken.Store(0) }

// Silent is how many members in a row, which had answered before, were given up while they were read from. It begins anew with
// whatever comes from any member.
func (g *Group) Silent() int { return int(g.silent.Load()) }

// Close closes the members, and those that join from now on, under those who use them.
func (g *Group) Close() {
	g.mu.Lock()
	open := g.open
	g.open, g.closed = nil, true
	g.mu.Unlock()
	for m := range open {
		_ = m.Conn.Close() // its user meets the same error, and reports it where it matters
	}
}

// Empty reports whether the group has no member.
func (g *Group) Empty() bool {
	g.mu.Lock()
	n := len(g.open)
	g.mu.Unlock()
	return n == 0
}

// WhenEmpty calls tell once the group has no member left: now, or when the last one is closed by its user. tell must
// not use the group.
func (g *Group) WhenEmpty(tell func()) {
	g.mu.Lock()
	g.empty = tell
	if len(g.open) > 0 {
		tell = nil
	}
	g.mu.Unlock()
	if tell != nil {
		tell()
	}
}

func (m *Member) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	switch {
	case n > 0:
		m.answers.Store(true)
		for _, g := range m.groups {
			if g.silent.Load() > 0 { // or all would write to it all the time
				g.silent.Store(0)
			}
		}
	case isOwn(err) && m.answers.Swap(false):
		for _, g := range m.groups {
			g.silent.Add(1)
		}
	}
	m.note(err)
	return n, err
}

func (m *Member) Write(b []byte) (int, error) {
	n, err := m.Conn.Write(b)
	m.note(err)
	return n, err
}

// isOwn reports whether an error is of this side, which has waited long enough.
func isOwn(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed)
}

// note counts a member that is broken, once.
func (m *Member) note(err error) {
	if err != nil && !isOwn(err) && !m.told.Swap(true) {
		for _, g := range m.groups {
			g.broken.Add(1)
		}
	}
}

func (m *Member) Close() error {
	for _, g := range m.groups {
		g.remove(m)
	}
	return m.Conn.Close()
}

// expire sets a deadline that is over. A connection that takes no deadline any more has failed already.
func expire(m *Member) { _ = m.Conn.SetDeadline(time.Unix(1, 0)) }

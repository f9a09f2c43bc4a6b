package manager

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Evicted says that the manager took a connection out of use: it is opened again when it is next asked for. Its
// conn.Closed follows, after the grace period if someone may still have a handle.
type Evicted struct {
	Name    string
	Dialect string
	Reason  Reason
}

// EventName returns "pool:evict".
func (Evicted) EventName() string { return "pool:evict" }

// Reason says why a connection was evicted.
type Reason string

// The reasons for an eviction.
const (
	ReasonLimit Reason = "limit" // another one was to be opened; see [WithLimit]
	ReasonIdle  Reason = "idle"  // nobody used it; see [WithIdleTime]
)

// places are what the limit bounds. An opening takes one, which passes to the pool that it opens.
type places struct {
	taken  int
	queue  []*opening  // those that wait for one, in their order
	wanted atomic.Bool // somebody is in the queue
	polls  bool        // a look at queries that may have ended is due
	pause  time.Duration
}

// How soon those who wait for a place learn of a query that has ended: unlike the release of a lease, nobody tells
// of that. The pause doubles while nothing happens.
const (
	shortestPause = 10 * time.Millisecond
	longestPause  = 100 * time.Millisecond
)

// leave takes an opening that was given up out of the queue.
func (s *places) leave(o *opening) {
	s.queue = slices.DeleteFunc(s.queue, func(other *opening) bool { return other == o })
}

// claim takes a place for the opening. Where none is free it evicts another connection, or waits until it can.
func (m *Manager) claim(o *opening) error {
	if !m.enqueue(o) {
		return nil
	}
	select {
	case <-o.admitted:
	case <-o.ctx.Done():
		return fmt.Errorf("%s: %w", m.full(), context.Cause(o.ctx))
	}
	if o.evicted == nil {
		return nil
	}
	// The limit bounds what is open at the server or of files, too.
	ctx, cancel := context.WithTimeout(o.ctx, m.timeout)
	defer cancel()
	select {
	case <-o.evicted.trimmed:
	case <-o.evicted.ended:
	case <-ctx.Done():
	}
	return context.Cause(o.ctx)
}

// full says what takes the places.
func (m *Manager) full() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := fmt.Sprintf("connection limit of %d reached and all are in use", m.limit)
	n := 0
	for o := range m.canceled {
		if o.placed {
			n++
		}
	}
	if n > 0 {
		s += fmt.Sprintf(", %d of them by openings that were given up and whose driver has not returned", n)
	}
	return s
}

// enqueue puts the opening at the end of the queue and serves that. It reports false if the opening needs no
// place, since the name has one.
func (m *Manager) enqueue(o *opening) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.limit <= 0 || o.entry.current != nil || o.givenUp() {
		return false
	}
	s := &m.places
	if len(s.queue) == 0 {
		s.pause = shortestPause
	}
	s.queue = append(s.queue, o)
	s.wanted.Store(true) // before the look at who is idle, so that no release after it goes unseen
	m.admit()
	return true
}

// admit gives places to those in the queue: the free ones, and those of pools that nobody uses. It is to be called
// whenever there may be one. m.mu is held.
func (m *Manager) admit() {
	s := &m.places
	for len(s.queue) > 0 {
		o := s.queue[0]
		if s.taken >= m.limit {
			if o.evicted = m.evictOldest(); o.evicted == nil {
				break
			}
		}
		s.taken++
		o.placed = true
		close(o.admitted)
		s.queue = slices.Delete(s.queue, 0, 1)
		s.pause = shortestPause
	}
	s.wanted.Store(len(s.queue) > 0)
	if len(s.queue) > 0 && !s.polls {
		s.polls = true
		time.AfterFunc(s.pause, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			s.polls = false
			s.pause = min(2*s.pause, longestPause)
			m.admit()
		})
	}
}

// evictOldest evicts the pool that was used least recently of those that nobody uses; nil if there is none. m.mu
// is held.
func (m *Manager) evictOldest() *pool {
	for {
		var oldest *pool
		for _, value := range m.open.Range {
			p := value.(*pool)
			if !p.tracked && (oldest == nil || p.used.Load() < oldest.used.Load()) && p.idle() {
				oldest = p
			}
		}
		if oldest == nil || m.evict(oldest, ReasonLimit) { // or else it was leased just now
			m.boundLingering()
			return oldest
		}
	}
}

// evict retires a pool that has no lease. m.mu is held.
func (m *Manager) evict(p *pool, why Reason) bool {
	if !p.retireUnleased() {
		return false
	}
	m.clock.advance()
	m.unname(m.names[p.name])
	m.drain(p, m.grace, &Evicted{p.name, p.conn.Dialect(), why})
	return true
}

// boundLingering ends the grace period of the pools that were evicted first, where more than the limit have one.
// m.mu is held.
func (m *Manager) boundLingering() {
	var lingering []*pool
	for p := range m.draining {
		if p.evicted > 0 && p.soon.Err() == nil {
			lingering = append(lingering, p)
		}
	}
	slices.SortFunc(lingering, func(a, b *pool) int { return cmp.Compare(a.evicted, b.evicted) })
	for _, p := range lingering[:max(len(lingering)-m.limit, 0)] {
		p.closeSoon()
	}
}

// lookAfter makes sweep run in a while, if there is an idle time to watch. m.mu is held.
func (m *Manager) lookAfter() {
	if m.idle > 0 && m.sweeper == nil {
		m.sweeper = time.AfterFunc(max(m.idle/4, 1), m.sweep)
	}
}

// sweep evicts what was not used for the idle time, and runs again while anything is open.
func (m *Manager) sweep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweeper = nil
	now := time.Now()
	for _, value := range m.open.Range {
		p := value.(*pool)
		if p.tracked {
			continue
		}
		m.lookAfter()
		if used := p.used.Load(); used != p.seenUsed || !p.idle() {
			p.seenUsed, p.idleSince = used, now
		} else if now.Sub(p.idleSince) >= m.idle {
			m.evict(p, ReasonIdle)
		}
	}
	m.clock.advance()
	m.admit()
}

// clock orders uses without reading the time and, as long as nothing is opened, without writing to memory that
// the users of different pools share.
type clock struct {
	last  atomic.Int64 // the last time given out
	epoch atomic.Int64 // uses since this time need not be told apart
}

// advance begins a new epoch.
func (c *clock) advance() { c.epoch.Store(c.last.Load() + 1) }

// touch notes that the pool was used, if the order of use matters and that was not noted in this epoch.
func (m *Manager) touch(p *pool) {
	if (m.limit > 0 || m.idle > 0) && p.used.Load() < m.clock.epoch.Load() {
		p.used.Store(m.clock.last.Add(1))
	}
}

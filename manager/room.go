package manager

import (
	"context"
	"fmt"
	"time"
)

// queryPoll is how often an opening that waits for room looks for connections whose queries have ended: unlike
// the release of a lease, nobody tells of that.
const queryPoll = 10 * time.Millisecond

// claim takes one of the places that the limit allows, and evicts another connection where none is free.
func (m *Manager) claim(f *flight) error {
	m.queued.Add(1) // before the first look, so that no release after it goes unseen
	defer m.queued.Add(-1)
	for {
		victim, room := m.tryClaim(f)
		switch {
		case victim != nil:
			return m.letGo(victim, f)
		case room == nil:
			return nil
		}
		poll := time.NewTimer(queryPoll)
		select {
		case <-room:
		case <-poll.C:
		case <-f.ctx.Done():
			poll.Stop()
			return fmt.Errorf("all %d connections that may be open are leased or have queries running: %w", m.limit, context.Cause(f.ctx))
		}
		poll.Stop()
	}
}

// tryClaim returns the pool that was evicted for the place, if one had to be, or what to wait for if there is
// no place.
func (m *Manager) tryClaim(f *flight) (victim *pool, room <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.replace && f.entry.current != nil {
		return nil, nil // it has one
	}
	if m.limit > 0 && m.taken >= m.limit {
		if victim = m.evictOne(); victim == nil {
			if m.room == nil {
				m.room = make(chan struct{})
			}
			return nil, m.room
		}
	}
	m.taken++
	f.place = true
	return victim, nil
}

// leavePlace gives the place of a flight back. m.mu is held.
func (m *Manager) leavePlace(f *flight) {
	if f.place {
		f.place = false
		m.taken--
		m.vacate()
	}
}

// vacate wakes those who wait for room. m.mu is held.
func (m *Manager) vacate() {
	if m.room != nil {
		close(m.room)
		m.room = nil
	}
}

// evictOne evicts the pool that was used least recently of those that nobody uses. m.mu is held.
func (m *Manager) evictOne() *pool {
	for {
		var oldest *pool
		for _, value := range m.live.Range {
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
	wasShared, ok := p.retireUnleased()
	if ok {
		p.evicted = m.clock.last.Add(1)
		m.clock.advance()
		m.unname(m.names[p.name], p)
		m.drain(p, wasShared, &Evicted{p.name, p.conn.Dialect(), why})
	}
	return ok
}

// boundLingering ends the grace of the pools that were evicted first, where more than the limit have one.
// m.mu is held.
func (m *Manager) boundLingering() {
	for {
		var first *pool
		n := 0
		for p := range m.draining {
			if p.evicted == 0 || p.hurry.Err() != nil {
				continue
			}
			n++
			if first == nil || p.evicted < first.evicted {
				first = p
			}
		}
		if n <= m.limit {
			return
		}
		first.hasten()
	}
}

// letGo waits until an evicted pool has let go of what it had open, so that the limit bounds descriptors too.
func (m *Manager) letGo(p *pool, f *flight) error {
	patience, cancel := context.WithTimeout(f.ctx, m.timeout)
	defer cancel()
	select {
	case <-p.light:
	case <-p.ended:
	case <-patience.Done():
	}
	if f.ctx.Err() != nil {
		return context.Cause(f.ctx)
	}
	return nil
}

package manager

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-go/patchbay/observer"
)

// closesAtOnce bounds how many connections are closed at the same time. It is about what the program and its
// servers do at once; a connection that only waits for its leases does not count.
const closesAtOnce = 64

// watch has the manager told when the connection is closed, by whomever.
func (p *pool) watch(m *Manager) {
	if !p.conn.OnClose(func() { m.lost(p) }) {
		close(p.closed)
	}
}

func (p *pool) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

// lost takes the name from a connection that was closed behind the manager's back. For one that the manager
// itself closes, it ends the waiting of others.
func (m *Manager) lost(p *pool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(p.closed)
	if e := m.names[p.name]; e != nil && e.current == p {
		p.retire()
		m.unname(e, p)
		close(p.ended)
	}
}

// unname takes the name from its pool. m.mu is held.
func (m *Manager) unname(e *entry, p *pool) {
	e.current = nil
	m.live.Delete(p.name)
	m.taken--
	m.vacate()
	m.tidy(p.name, e)
}

// drain closes a pool that has retired, on a goroutine of its own: after the event if there is one, after the
// last lease, and if it was shared, after the grace. m.mu is held.
func (m *Manager) drain(p *pool, wasShared bool, why *Evicted) {
	grace := time.Duration(0)
	if wasShared {
		grace = m.grace
	}
	m.draining[p] = struct{}{}
	go func() {
		if why != nil {
			observer.Emit(m.bus, *why)
			if grace > 0 {
				go p.lighten()
			}
		}
		p.linger(grace)
		p.err = m.finish(p)
		m.mu.Lock()
		delete(m.draining, p)
		m.mu.Unlock()
		close(p.ended)
	}()
}

// lighten has the pool keep no idle connections during its grace. That can take its time if the driver does.
func (p *pool) lighten() {
	p.conn.Trim()
	close(p.light)
}

// linger waits until the grace is over and the last lease has been released, or there is no more time.
func (p *pool) linger(grace time.Duration) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	over, unleased := timer.C, p.unleased
	for over != nil || unleased != nil {
		select {
		case <-over:
			over = nil
		case <-unleased:
			unleased = nil
		case <-p.closed:
			return
		case <-p.hurry.Done():
			return
		}
	}
}

// finish closes a retired pool: it waits for leases and queries, together as long as the close timeout allows,
// and cuts off the rest.
func (m *Manager) finish(p *pool) error {
	defer p.hasten()
	defer p.cut(nil)
	start := time.Now()
	timer := time.NewTimer(m.timeout)
	select {
	case <-p.unleased:
	case <-p.closed:
	case <-timer.C:
	case <-p.force.Done():
	}
	timer.Stop()
	left := m.timeout - time.Since(start)
	if n := p.leases(); n > 0 && !p.isClosed() {
		why := m.overdue()
		if p.force.Err() != nil {
			why = context.Cause(p.force)
		}
		return p.conn.Abort(fmt.Errorf("%w; leases not released: %d", why, n))
	}

	// Even a forced close waits for its turn, since thousands at once would take longer than one after another; but
	// not for pools that hang.
	turn := time.NewTimer(m.timeout)
	select {
	case m.turns <- struct{}{}:
		defer func() { <-m.turns }()
	case <-turn.C:
	}
	turn.Stop()
	ctx, cancel := context.WithTimeoutCause(p.force, left, m.overdue())
	defer cancel()
	return p.conn.Shutdown(ctx)
}

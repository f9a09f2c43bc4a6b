package manager

import "sync/atomic"

// clock orders uses without reading the time and, as long as nothing is opened, without writing to memory that
// the users of different pools share.
type clock struct {
	last  atomic.Int64 // the last time given out
	epoch atomic.Int64 // uses since this time need not be told apart
}

// advance begins a new epoch.
func (c *clock) advance() { c.epoch.Store(c.last.Load() + 1) }

// touch notes that the pool was used, if that was not noted in this epoch.
func (m *Manager) touch(p *pool) {
	if m.ranked && p.used.Load() < m.clock.epoch.Load() {
		p.used.Store(m.clock.last.Add(1))
	}
}

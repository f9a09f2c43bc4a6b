package manager

import "time"

// lookAfter has the janitor come, if there is an idle time to watch. It is a timer rather than a goroutine that
// waits. m.mu is held.
func (m *Manager) lookAfter() {
	if m.idle > 0 && m.janitor == nil {
		m.janitor = time.AfterFunc(max(m.idle/4, 1), m.sweep)
	}
}

// sweep evicts what was not used for the idle time, and comes again while anything is open.
func (m *Manager) sweep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.janitor = nil
	now := time.Now()
	for _, value := range m.live.Range {
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
}

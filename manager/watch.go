package manager

import (
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/internal/inorder"
)

// Starved says that a pool is exhausted: for the time of [WithStarveAfter] all its connections have been in use while
// callers waited for one. It comes once, until [Recovered].
type Starved struct {
	Name    string
	Dialect string
	InUse   int
	Max     int
	For     time.Duration // until now
	Waits   int64         // calls that had to wait in that time
	Hint    string
	Users   []User // with WithStarveProfile: what the program does in database/sql at that moment, with any pool
}

// Recovered says that a connection of a pool is free again after [Starved], or that the pool is closed.
type Recovered struct {
	Name    string
	Dialect string
	After   time.Duration // since all were in use
}

// EventName returns "pool:starve".
func (Starved) EventName() string { return "pool:starve" }

// EventName returns "pool:recover".
func (Recovered) EventName() string { return "pool:recover" }

const starveHint = "close rows, end transactions, run no second query inside a loop over rows, or raise pool.max"

// watch looks at all pools from one timer: a goroutine for each would cost more than an idle pool.
type watch struct {
	timer  *time.Timer // nil while there is nothing to look at; Manager.mu is held
	events inorder.Events
}

// shortage is what is known of those who wait for a connection of a pool. database/sql counts the waits that began and the
// time of those that ended, but not who waits now.
type shortage struct {
	mu     sync.Mutex
	waits  int64         // at the last look
	waited time.Duration // likewise
	hangs  bool          // a wait that began before the last look has not ended
	since  time.Time     // of being exhausted; zero: it is not
	before int64         // waits until then
	told   bool          // it has been so for long
	over   bool          // the pool is closed
}

// starving returns since when the pool is exhausted, as far as that was told; else zero.
func (s *shortage) starving() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.told {
		return time.Time{}
	}
	return s.since
}

// watchPools makes look run in a while. m.mu is held.
func (m *Manager) watchPools() {
	every := m.starveAfter / 2
	if m.holdAfter > 0 && (every <= 0 || m.holdAfter/2 < every) {
		every = m.holdAfter / 2
	}
	if every > 0 && m.watch.timer == nil {
		m.watch.timer = time.AfterFunc(every, m.look)
	}
}

// look looks at every pool, and runs again while there is one.
func (m *Manager) look() {
	var pools []*pool
	for _, value := range m.open.Range {
		pools = append(pools, value.(*pool))
	}
	m.mu.Lock()
	for p := range m.draining {
		pools = append(pools, p)
	}
	m.mu.Unlock()

	now := time.Now()
	starved := make(map[*side]Starved)
	if m.starveAfter > 0 {
		for _, p := range pools {
			p.sides(func(s *side) {
				if e, tell := m.examine(s, now); tell {
					starved[s] = e
				}
			})
		}
	}
	var users []User
	if m.profile && len(starved) > 0 {
		users = profile()
	}
	for p, e := range starved {
		e.Users = users
		p.shortage.mu.Lock()
		if !p.shortage.over {
			p.shortage.told = true
			m.watch.events.Add(e)
		}
		p.shortage.mu.Unlock()
	}
	m.tellHeld(now)
	m.watch.events.Send(m.bus)

	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch.timer = nil
	found := len(m.draining) > 0
	for range m.open.Range { // not those from before: publish has relied on this look since
		found = true
		break
	}
	if found && m.closing == nil {
		m.watchPools()
	}
}

// examine notes what a look at a pool shows. It reports whether the pool has now been exhausted for long.
func (m *Manager) examine(p *side, now time.Time) (e Starved, tell bool) {
	stats := p.conn.Stats()
	s := &p.shortage
	s.mu.Lock()
	defer s.mu.Unlock()
	began, ended := stats.WaitCount > s.waits, stats.WaitDuration > s.waited
	before := s.waits
	s.waits, s.waited = stats.WaitCount, stats.WaitDuration
	s.hangs = !ended && (began || s.hangs) // where some began and some ended, nobody knows
	full := stats.MaxOpenConnections > 0 && stats.InUse >= stats.MaxOpenConnections
	switch {
	case !full, !s.told && !began && !s.hangs:
		m.endShortage(p, now)
	case s.since.IsZero():
		s.since, s.before = now, before
	case !s.told && now.Sub(s.since) >= m.starveAfter:
		return Starved{
			Name: p.conn.Name(), Dialect: p.conn.Dialect(), InUse: stats.InUse, Max: stats.MaxOpenConnections,
			For: now.Sub(s.since), Waits: stats.WaitCount - s.before, Hint: starveHint,
		}, true
	}
	return e, false
}

// endShortage notes that a connection is free again. p.shortage.mu is held.
func (m *Manager) endShortage(p *side, now time.Time) {
	s := &p.shortage
	if s.told {
		m.watch.events.Add(Recovered{p.conn.Name(), p.conn.Dialect(), now.Sub(s.since)})
	}
	s.since, s.told = time.Time{}, false
}

// unwatch ends what is told of a pool that is closed.
func (m *Manager) unwatch(p *pool) {
	p.sides(func(s *side) {
		s.shortage.mu.Lock()
		defer s.shortage.mu.Unlock()
		s.shortage.over = true
		m.endShortage(s, time.Now())
	})
	m.watch.events.Send(m.bus)
}

package manager

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// State says where a connection is in its life.
type State uint8

// The states of a connection, in their order.
const (
	StateClosed   State = iota // its config is known, and nothing is open
	StateOpening               // it is being opened
	StateOpen                  // it is handed out to those who ask for it
	StateDraining              // it was replaced, evicted or closed, and waits for those who use it
)

var stateNames = [...]string{"closed", "opening", "open", "draining"}

// String returns the state in a word.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// MarshalText returns what String returns, so that a State reads the same in JSON.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Stat is what can be seen of a connection.
type Stat struct {
	Name    string
	Dialect string // as in the config while it is not open
	State   State
	Age     time.Duration // since it was opened, or since opening began; 0 if it is closed
	Leases  int           // not released
	DB      sql.DBStats   // of its pool
	Err     error         // of the last attempt to open or replace it, if that failed
}

// Stats tells about all connections, sorted by name and then by age, oldest first. A name occurs more than
// once while what it stood for before is draining, and while it is being replaced.
func (m *Manager) Stats() []Stat {
	var all []Stat
	var pools []*pool // by index in all; nil for those that have none

	m.mu.Lock()
	add := func(s Stat, p *pool) {
		if p != nil {
			s.Name, s.Dialect, s.Age, s.Leases = p.name, p.conn.Dialect(), time.Since(p.born), p.leases()
		}
		all, pools = append(all, s), append(pools, p)
	}
	for name, e := range m.names {
		if p := e.current; p != nil {
			add(Stat{State: StateOpen, Err: e.err}, p)
		}
		for _, f := range []*flight{e.running, e.next} {
			if f != nil {
				add(Stat{Name: name, Dialect: f.cfg.Dialect, State: StateOpening, Age: time.Since(f.began)}, nil)
			}
		}
		if _, state := e.config(); state == StateClosed && e.cfg != nil {
			add(Stat{Name: name, Dialect: e.cfg.Dialect, Err: e.err}, nil)
		}
	}
	for p := range m.draining {
		add(Stat{State: StateDraining}, p)
	}
	m.mu.Unlock()

	for i, p := range pools {
		if p != nil {
			all[i].DB = p.conn.Stats()
		}
	}
	slices.SortFunc(all, func(a, b Stat) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.Age, a.Age))
	})
	return all
}

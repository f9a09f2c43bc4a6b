package manager

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"
)

// State says where a connection is in its life.
type State uint8

// The states of a connection, in their order.
const (
	StateClosed    State = iota // its config is known, and nothing is open
	StateOpening                // it is being opened
	StateOpen                   // those who ask for it get it
	StateDraining               // it was replaced, evicted or closed, and waits for those who use it
	StateCanceling              // its opening was given up, and the driver has not returned yet
)

var stateNames = map[State]string{
	StateClosed: "closed", StateOpening: "opening", StateOpen: "open", StateDraining: "draining", StateCanceling: "canceling",
}

// String returns the state in a word.
func (s State) String() string {
	return cmp.Or(stateNames[s], fmt.Sprintf("state %d", uint8(s)))
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

	// Pending says that it was opened lazily and nothing has connected to it yet: it is StateOpen, and may not be up.
	Pending bool

	// Err is that of the last attempt to open or replace it, if that failed, or to connect while it is pending. If the context of those who waited ended
	// first, it says what the attempts had met until then, and so does its kind.
	Err error
}

// Stats tells about all connections, sorted by name and then by age, oldest first; those of one age are in the
// order in which they began. A name occurs more than once while what it stood for before is draining or being
// canceled, and while it is being replaced.
func (m *Manager) Stats() []Stat {
	type row struct {
		Stat
		pool  *pool // nil if there is none
		birth uint64
	}
	var rows []row

	m.mu.Lock()
	now := time.Now()
	addPool := func(p *pool, state State, err error) {
		rows = append(rows, row{Stat{Name: p.name, Dialect: p.conn.Dialect(), State: state, Age: now.Sub(p.born), Leases: p.leases(), Err: err}, p, p.birth})
	}
	for p := range m.draining {
		addPool(p, StateDraining, nil)
	}
	addOpening := func(o *opening, state State, err error) {
		rows = append(rows, row{Stat{Name: o.name, Dialect: o.cfg.Dialect, State: state, Age: now.Sub(o.began), Err: err}, nil, o.birth})
	}
	for o := range m.canceled {
		addOpening(o, StateCanceling, nil)
	}
	for name, e := range m.names {
		if e.current != nil {
			addPool(e.current, StateOpen, e.err)
		}
		for _, o := range []*opening{e.running, e.next} {
			if o != nil && !o.givenUp() {
				err := e.err
				if e.current != nil {
					err = nil // the row of that has it
				}
				addOpening(o, StateOpening, err)
			}
		}
		if cfg, state := e.config(); state == StateClosed && cfg != nil {
			rows = append(rows, row{Stat{Name: name, Dialect: cfg.Dialect, Err: e.err}, nil, math.MaxUint64})
		}
	}
	m.mu.Unlock()

	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.Age, a.Age), cmp.Compare(a.birth, b.birth))
	})
	var all []Stat
	for _, r := range rows {
		if r.pool != nil {
			r.DB = r.pool.conn.Stats()
			var err error
			if r.Pending, err = r.pool.conn.Pending(); r.Err == nil {
				r.Err = err
			}
		}
		all = append(all, r.Stat)
	}
	return all
}

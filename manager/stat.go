package manager

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/patchbay-go/patchbay/conn"
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

// Stat is what can be seen of a connection: all that a page of a program's own needs. No field holds a secret.
type Stat struct {
	Name    string
	Dialect string // as in the config while it is not open
	State   State
	Age     time.Duration // since it was opened, or since opening began; 0 if it is closed
	Leases  int           // not released
	DB      sql.DBStats   // of its pool

	// Pending says that it was opened lazily and nothing has connected to it yet: it is StateOpen, and may not be up.
	Pending bool

	// Err is why the last attempt failed to open or replace it, or to connect while it is pending. If the context of those
	// who waited ended first, it says what the attempts had met until then, and so does its kind.
	Err error

	Target   string        // what is opened, as in conn.Error; empty as long as nothing has been tried
	Host     string        // of several, the one that the last connection is to
	Role     conn.Role     // of the server that it is to, where the config asks for one; else RoleAny
	Reader   bool          // it is the pool for reading beside the one above it, which conn.Conn.Reader returns
	Min      int           // Pool.Min; 0 while there is no pool
	MaxIdle  int           // likewise; -1: any number
	Lost     time.Time     // since when no further connection can be opened; else zero
	Starving time.Time     // since when the pool is exhausted, as [Starved] tells; else zero
	Failure  *conn.Failure // the last one to open a connection, also if it is over; nil if there was none
	Retry    time.Time     // when opening, or the pool by itself, tries again; zero if it does not
	Dials    conn.Dials    // of its pool
	Closed   Closed        // likewise

	OldestLease time.Duration // how long it is held; known with [WithLeaseWarning] only
}

// Closed counts the connections of a pool that were closed, by the reason.
type Closed struct {
	MaxIdle     int64 // as many were idle already
	MaxIdleTime int64
	MaxLifetime int64
	Other       int64 // they broke, or the pool was closed
}

// Stats tells about all connections, sorted by name and then by age, oldest first; those of one age are in the
// order in which they began. A name occurs more than once while what it stood for before is draining or being
// canceled, and while it is being replaced. A pool for reading has a row of its own, below that of its connection.
func (m *Manager) Stats() []Stat {
	type row struct {
		Stat
		pool  *pool // nil if there is none
		birth uint64
	}
	var rows []row
	failedAt := make(map[string]time.Time)
	oldest := m.oldestLeases()

	m.mu.Lock()
	now := time.Now()
	addPool := func(p *pool, state State, err error) {
		rows = append(rows, row{Stat{
			Name: p.name, Dialect: p.conn.Dialect(), State: state, Age: now.Sub(p.born), Leases: p.leases(), Err: err,
		}, p, p.birth})
	}
	for p := range m.draining {
		addPool(p, StateDraining, nil)
	}
	addOpening := func(o *opening, state State, err error) {
		s := Stat{Name: o.name, Dialect: o.cfg.Dialect, State: state, Age: now.Sub(o.began), Err: err}
		if r := o.retrying; r != nil {
			s.Failure, s.Retry = &r.failure, r.at
		}
		rows = append(rows, row{s, nil, o.birth})
	}
	for o := range m.canceled {
		addOpening(o, StateCanceling, nil)
	}
	for name, e := range m.names {
		failedAt[name] = e.failed
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
			r.addPool(&r.pool.main)
			if at, ok := oldest[r.pool]; ok {
				r.OldestLease = now.Sub(at)
			}
		}
		r.addError(failedAt[r.Name])
		all = append(all, r.Stat)
		if r.pool != nil && r.pool.reader != nil {
			reader := Stat{Name: r.pool.reader.conn.Name(), Dialect: r.Dialect, State: r.State, Age: r.Age, Reader: true}
			reader.addPool(r.pool.reader)
			all = append(all, reader)
		}
	}
	return all
}

// addPool adds what the pool itself knows.
func (s *Stat) addPool(p *side) {
	s.DB = p.conn.Stats()
	var err error
	if s.Pending, err = p.conn.Pending(); s.Err == nil {
		s.Err = err
	}
	status := p.conn.Status()
	s.Host, s.Role, s.Min, s.MaxIdle = status.Host, status.Role, status.Min, status.MaxIdle
	s.Target, s.Lost, s.Failure, s.Retry, s.Dials = status.Target, status.Lost, status.Failure, status.Retry, status.Dials
	s.Starving = p.shortage.starving()
	s.Closed = Closed{p.closedAsIdle(s.DB), s.DB.MaxIdleTimeClosed, s.DB.MaxLifetimeClosed, 0}
	known := s.Closed.MaxIdle + s.Closed.MaxIdleTime + s.Closed.MaxLifetime
	s.Closed.Other = max(int64(s.Dials.Opened)-int64(s.DB.OpenConnections)-known, 0)
}

// addError adds what the error of opening tells, if that was later than the last failure of the pool.
func (s *Stat) addError(at time.Time) {
	if s.Err == nil {
		return
	}
	failure := conn.Failure{At: at, Err: s.Err}
	if e, ok := errors.AsType[*conn.Error](s.Err); ok {
		s.Target = cmp.Or(s.Target, e.Target)
		failure.Kind, failure.Hint = e.Kind, e.Hint
	}
	if s.Failure == nil || s.Failure.At.Before(at) {
		s.Failure = &failure
	}
}

// Total is what all connections together did that a name has had.
type Total struct {
	Name    string
	Dialect string
	Waits   int64 // for a connection of the pool
	Waited  time.Duration
	Closed  Closed // without Other
}

// Totals tells about every name what counts up, for metrics: the numbers never fall, whatever is replaced, evicted,
// reloaded or closed. For that the manager keeps, from the first call on, what closed pools did, some hundred bytes for
// every name that it has ever had. The names are sorted.
func (m *Manager) Totals() []Total {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.past == nil {
		m.past = make(map[string]*Total)
	}
	sums := make(map[string]*Total, len(m.names)+len(m.past))
	for name, t := range m.past {
		sums[name] = new(*t)
	}
	for p := range m.draining {
		p.sides(func(s *side) { s.addTo(sums) })
	}
	for _, e := range m.names {
		if e.current != nil {
			e.current.sides(func(s *side) { s.addTo(sums) })
		}
	}
	all := make([]Total, 0, len(sums))
	for _, t := range sums {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Total) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// keepTotal keeps what a pool did that is closed. m.mu is held.
func (m *Manager) keepTotal(p *pool) {
	if m.past != nil {
		p.sides(func(s *side) { s.addTo(m.past) })
	}
}

func (p *side) addTo(sums map[string]*Total) {
	name := p.conn.Name()
	t := sums[name]
	if t == nil {
		t = &Total{Name: name}
		sums[name] = t
	}
	stats := p.conn.Stats()
	t.Dialect = p.conn.Dialect()
	t.Waits += stats.WaitCount
	t.Waited += stats.WaitDuration
	t.Closed.MaxIdle += p.closedAsIdle(stats)
	t.Closed.MaxIdleTime += stats.MaxIdleTimeClosed
	t.Closed.MaxLifetime += stats.MaxLifetimeClosed
}

// closedAsIdle is how many connections were closed because of MaxIdle. Closing a pool does so by lowering that, which is
// not counted.
func (p *side) closedAsIdle(stats sql.DBStats) int64 {
	if n := p.idleClosed.Load(); n > 0 {
		return n - 1
	}
	return stats.MaxIdleClosed
}

// endIdle is called before idle connections are closed for good.
func (p *side) endIdle() { p.idleClosed.CompareAndSwap(0, p.conn.Stats().MaxIdleClosed+1) }

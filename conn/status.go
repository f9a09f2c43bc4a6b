package conn

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/internal/inorder"
	"github.com/patchbay-go/patchbay/observer"
)

// Status is what a pool has seen of its database: what [sql.DB.Stats] does not tell. Reading it asks the database nothing.
type Status struct {
	Target  string    // what is opened, as in [Error]
	Host    string    // of several, the one that the last connection is to
	Role    Role      // of the server that it is to, if the config asks for one; else RoleAny
	Min     int       // Pool.Min
	MaxIdle int       // how many connections may be idle; -1: any number
	Lost    time.Time // since when no further connection can be opened, as in the event; else zero
	Failure *Failure  // the last failure to open a connection, also one that is over; nil if there was none
	Retry   time.Time // when the pool itself tries to open one again; zero if only a query does
	Dials   Dials
}

// Failure is one that was, with what is known of it.
type Failure struct {
	At   time.Time
	Kind Kind
	Hint string
	Err  error
}

// Dials counts the attempts to open a connection to the database, from the dial to the end of the login.
type Dials struct {
	Opened uint64          // connections
	Failed map[Kind]uint64 // attempts; nil if there was none
	Took   time.Duration   // what those took together that succeeded

	// Within says how many took how long: for each of DialTimes those that took that long at most and more than the
	// one before it, and last those that took longer than all.
	Within []uint64
}

// DialTimes returns the upper bounds of [Dials.Within].
func DialTimes() []time.Duration { return slices.Clone(dialTimes[:]) }

var dialTimes = [...]time.Duration{
	time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
}

// Status tells what the pool has seen of its database.
func (c *Conn) Status() Status {
	h := &c.pool.health
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Status{Target: c.pool.target, Lost: h.lost, Retry: h.retry, Host: h.host, Role: h.role, MaxIdle: maxIdle(c.pool.limits)}
	if c.pool.keeper != nil {
		s.Min = c.pool.keeper.min
	}
	if s.MaxIdle == math.MaxInt32 {
		s.MaxIdle = -1
	}
	if h.failure != nil {
		s.Failure = new(*h.failure)
	}
	s.Dials = Dials{Opened: h.opened, Took: h.took, Failed: maps.Clone(h.failed), Within: make([]uint64, len(h.within))}
	for i, n := range h.within {
		s.Dials.Within[i] = uint64(n)
	}
	return s
}

// health is what the attempts to connect tell of the database.
type health struct {
	mu      sync.Mutex
	lost    time.Time
	vain    time.Duration // what attempts took that callers gave up, since one succeeded
	failure *Failure
	retry   time.Time
	host    string
	role    Role
	opened  uint64
	failed  map[Kind]uint64
	took    time.Duration
	within  [len(dialTimes) + 1]uint32

	events inorder.Calls // that lost and restored it
}

// noteDial notes how an attempt to connect ended, and tells the bus.
func (c *connector) noteDial(took time.Duration, from *host, role Role, err error) {
	d := diagnose(err, c.driver)
	h := &c.health
	h.mu.Lock()
	if err == nil {
		h.host, h.role = from.address, role
		h.opened++
		h.took += took
		i, _ := slices.BinarySearch(dialTimes[:], took)
		h.within[i]++
		h.vain = 0
		if !h.lost.IsZero() {
			restored := Restored{c.name, c.dialect, time.Since(h.lost)}
			h.lost = time.Time{}
			h.events.Add(func() { observer.Emit(c.bus, restored) })
		}
	} else {
		if h.failed == nil {
			h.failed = make(map[Kind]uint64)
		}
		h.failed[d.Kind]++
		c.missed(took, d, err)
	}
	h.mu.Unlock()
	dialed := Dialed{Name: c.name, Dialect: c.dialect, Role: role, Took: took, Failed: err != nil, Kind: d.Kind}
	if from != nil {
		dialed.Host = from.address
	}
	observer.Emit(c.bus, dialed)
	h.events.Run()
}

// missed notes a failure. That a caller gave up says nothing of the database, unless all did for as long as the connect
// timeout together: where their deadlines are shorter than it, nobody would ever know. health.mu is held.
func (c *connector) missed(took time.Duration, d Diagnosis, err error) {
	h := &c.health
	if d.Kind == KindCanceled {
		h.vain += took
		if h.vain < c.patience() {
			return
		}
		err = fmt.Errorf("no connection in %v, in which callers waited for one and gave up: %w", h.vain.Round(time.Millisecond), err)
		d = diagnose(&endError{KindTimeout, err}, c.driver)
	}
	h.failure = &Failure{time.Now(), d.Kind, d.Hint, shown(err)}
	if h.lost.IsZero() && c.isOpen() && !c.isEnding() {
		h.lost = time.Now()
		lost := Lost{c.name, c.dialect, d.Kind, d.Hint, c.db.Stats().OpenConnections, shown(err)}
		h.events.Add(func() { observer.Emit(c.bus, lost) })
	}
}

// triesAt notes when the keeper tries to connect again; zero if it need not.
func (h *health) triesAt(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.retry = at
}

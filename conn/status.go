package conn

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/internal/inorder"
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
	s := Status{Target: c.pool.target, Role: h.role, MaxIdle: maxIdle(c.pool.limits)}
	if h.last != nil && c.pool.several {
		s.Host = h.last.address
	}
	if c.pool.keeper != nil {
		s.Min = c.pool.keeper.min
	}
	if s.MaxIdle == math.MaxInt32 {
		s.MaxIdle = -1
	}
	s.Dials = Dials{Took: h.took, Within: make([]uint64, len(h.within))}
	for i, n := range h.within {
		s.Dials.Within[i] = uint64(n)
		s.Dials.Opened += uint64(n)
	}
	if t := h.trouble; t != nil {
		s.Lost, s.Retry, s.Dials.Failed = t.lost, t.retry, maps.Clone(t.failed)
		if t.failure != nil {
			s.Failure = new(*t.failure)
		}
	}
	return s
}

// health is what the attempts to connect tell of the database. Every pool has one, so it is small.
type health struct {
	mu      sync.Mutex
	took    time.Duration
	within  [len(dialTimes) + 1]uint32
	last    *host // that the last connection is to
	role    Role  // of it
	trouble *trouble
}

// trouble is what there is to know of attempts that failed; most pools have none.
type trouble struct {
	lost    time.Time
	vain    time.Duration // what attempts took that callers gave up, since one succeeded
	failure *Failure
	retry   time.Time
	failed  map[Kind]uint64
	events  inorder.Events // that the database is lost and restored
}

// troubled returns the trouble of the pool, which it makes if there is none. h.mu is held.
func (h *health) troubled() *trouble {
	if h.trouble == nil {
		h.trouble = &trouble{failed: make(map[Kind]uint64)}
	}
	return h.trouble
}

// noteDial notes how an attempt to connect ended, and tells the bus.
func (c *connector) noteDial(took time.Duration, made reached, err error) {
	d := diagnose(err, c.driver)
	h := &c.health
	h.mu.Lock()
	if err == nil {
		i, _ := slices.BinarySearch(dialTimes[:], took)
		h.within[i]++
		h.took += took
		h.last, h.role = made.host, made.role
		if h.trouble != nil {
			c.isBack(h.trouble)
		}
	} else {
		c.missed(h.troubled(), took, d, err)
	}
	t := h.trouble
	h.mu.Unlock()
	dialed := Dialed{Name: c.name, Dialect: c.dialect, Role: made.role, Took: took, Failed: err != nil, Kind: d.Kind}
	if made.host != nil && c.several {
		dialed.Host = made.host.address
	}
	c.emit(dialed)
	if t != nil {
		t.events.Send(c.bus)
	}
}

// isBack notes a success after failures. health.mu is held.
func (c *connector) isBack(t *trouble) {
	t.vain = 0
	if t.lost.IsZero() {
		return
	}
	t.events.Add(Restored{c.name, c.dialect, time.Since(t.lost)})
	t.lost = time.Time{}
}

// missed notes a failure. That a caller gave up says nothing of the database, unless all did for as long as the connect
// timeout together: where their deadlines are shorter than it, nobody would ever know. health.mu is held.
func (c *connector) missed(t *trouble, took time.Duration, d *Diagnosis, err error) {
	t.failed[d.Kind]++
	if d.Kind == KindCanceled {
		t.vain += took
		if t.vain < c.patience() {
			return
		}
		err = fmt.Errorf("no connection in %v, in which callers waited for one and gave up: %w", t.vain.Round(time.Millisecond), err)
		d = diagnose(&endError{KindTimeout, err}, c.driver)
	}
	t.failure = &Failure{time.Now(), d.Kind, d.Hint, shown(err)}
	if t.lost.IsZero() && c.isOpen.Load() && !c.ending.Load() {
		t.lost = t.failure.At
		t.events.Add(Lost{c.name, c.dialect, d.Kind, d.Hint, c.db.Stats().OpenConnections, t.failure.Err})
	}
}

// triesAt notes when the keeper tries to connect again; zero if it need not.
func (h *health) triesAt(at time.Time) {
	h.mu.Lock()
	if h.trouble != nil || !at.IsZero() {
		h.troubled().retry = at
	}
	h.mu.Unlock()
}

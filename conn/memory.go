package conn

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

const forgottenAfter = 10 * time.Minute

// memory knows which servers are down. It is empty while all is well. Its mutex guards all that outages, probes and hosts
// hold as well.
type memory struct {
	used atomic.Bool // down is not empty
	mu   sync.Mutex
	down map[place]*outage
	full int // how many there may be before those that nobody asks for are forgotten
}

// outages is the memory of all pools that dial alike.
var outages memory

// place is what an outage is remembered by. For pools with the same place, a server is down or it is not.
type place struct {
	registry *registry.Registry
	dialect  string
	address  string
	isTLS    bool
	tls      TLS           // without the client's key
	share    time.Duration // of the connect timeout: what is in time for one pool may be late for another
}

// outage is a server that could not be reached. While it is down there is one attempt to connect at a time, a probe, and those
// who need a connection wait for its result. When it has been reached there may be one login at a time, two, four, and so on.
type outage struct {
	err    error     // of the last failure
	began  time.Time // the attempt that failed so
	ended  time.Time // likewise
	chance float64   // makes pauses differ
	probe  *probe    // one that runs
	silent bool      // it serves, and seems to have fallen silent; a probe runs

	ramp
}

// place returns what an outage of this host is remembered by.
func (h *host) place() place {
	c := h.pool
	p := place{registry: c.registry, dialect: c.dialect, address: h.address, share: c.share()}
	if h.tls != nil {
		p.isTLS, p.tls = true, *h.tls
		p.tls.Key = Secret{}
	}
	return p
}

// find returns the outage of a host, or nil.
func (m *memory) find(h *host) *outage {
	if len(m.down) == 0 {
		return nil
	}
	p := h.place()
	o := m.down[p]
	if o != nil && !o.silent && o.isOver() {
		m.forget(p)
		return nil
	}
	return o
}

// found is find, or a new outage.
func (m *memory) found(h *host) *outage {
	if o := m.find(h); o != nil {
		return o
	}
	if m.down == nil {
		m.down = make(map[place]*outage)
	}
	if len(m.down) >= max(m.full, 64) {
		for p, o := range m.down {
			if o.probe == nil && o.flying == 0 && time.Since(o.ended) > forgottenAfter {
				m.forget(p)
			}
		}
		m.full = 2 * len(m.down)
	}
	o := new(outage)
	m.down[h.place()] = o
	m.used.Store(true)
	return o
}

func (m *memory) forget(p place) {
	m.down[p].pass()
	delete(m.down, p)
	m.used.Store(len(m.down) > 0)
}

// isUp is for one of find.
func (o *outage) isUp() bool { return o == nil || o.up }

// note notes what came of an attempt to connect that began at start, and tells the bus what is news. The result of a probe it
// gives to those who wait for it, and closes a connection that none of them can have; p is nil for any other attempt.
func (c *connector) note(p *probe, start time.Time, made *reached, err error) {
	kind, h, m := diagnose(err, c.driver).Kind, made.host, c.memory
	of, byProgram := errors.AsType[*programError](err)
	down := err != nil && !byProgram && c.isOutage(kind, start)
	news := false
	m.mu.Lock()
	if p != nil {
		m.deliver(p, made, err, down)
	}
	switch {
	case down:
		news = m.failed(h, start, err)
	case kind == KindCanceled || byProgram && !of.loggedIn: // which says nothing of the server
	default:
		news = m.answered(h, err == nil)
	}
	m.mu.Unlock()
	if err == nil {
		c.sockets.Mend()
	}
	switch {
	case !news || !c.several && !c.isOpen(): // of a single host that has not been opened yet, opening tells
	case down:
		c.emit(HostDown{c.name, c.dialect, h.address, kind, shown(err)})
	default:
		c.emit(HostUp{c.name, c.dialect, h.address})
	}
	if p != nil {
		c.closeConn(made.dc)
	}
}

// isOutage reports whether a failure of this kind says that a server is down. One that refuses a login is not, nor one that
// has no connection left; and to be silent for a moment is not either, which may be all the time that the others have left to it.
func (c *connector) isOutage(kind Kind, start time.Time) bool {
	switch kind {
	case KindTimeout:
		return len(c.hosts) == 1 || time.Since(start) >= leastShare
	case KindUnreachable, KindStarting, KindTLS:
		return true
	}
	return false
}

// failed notes that a host could not be reached by an attempt that began at start. It reports whether that is news to
// its pool. m.mu is held.
func (m *memory) failed(h *host, start time.Time, err error) (news bool) {
	h.serves = false
	if h.reached.After(start) { // by a later attempt
		return false
	}
	o := m.found(h)
	o.err, o.began, o.ended, o.chance, o.up = err, start, time.Now(), rand.Float64(), false
	o.pass()
	news, h.toldDown = !h.toldDown, true
	return news
}

// answered notes that a host was reached, and whether it serves. It reports whether that is news to its pool. m.mu
// is held.
func (m *memory) answered(h *host, serves bool) (news bool) {
	h.reached, h.tries, h.serves = time.Now(), 0, serves
	switch o := m.find(h); {
	case o == nil:
	case !o.up:
		o.rise(2)
		if o.probe != nil { // which they need not wait for
			o.probe.dismiss()
		}
	case serves && o.limit >= rampEnd:
		m.forget(h.place())
	case serves:
		o.limit++
		o.pass()
	}
	news, h.toldDown = h.toldDown, false
	return news
}

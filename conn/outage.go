package conn

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

const (
	probePause          = 110 * time.Millisecond // from the start of one probe to the next while no host serves: nine a second
	firstServingPause   = time.Second            // likewise while another one does, and up to a fifth less, from the end of the last one; doubles
	longestServingPause = 30 * time.Second
	rampEnd             = 16          // logins after an outage, from which on there is no limit to how many run at a time
	rampLife            = time.Second // likewise without as many
	forgottenAfter      = 10 * time.Minute
)

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

// upkeep is what a pool of connections to servers needs beyond its callers.
type upkeep struct {
	registry *registry.Registry
	memory   *memory
	life     context.Context // ends with the pool; nil until it is needed
	probes   sync.WaitGroup  // what runs in it
	ages     *ageing         // nil if connections may live for ever
}

func newUpkeep(cfg Config, o *options) *upkeep {
	u := &upkeep{registry: o.registry, memory: &outages}
	if o.dial != nil { // which may lead elsewhere
		u.memory = new(memory)
	}
	if cfg.Pool.MaxLifetime > 0 {
		u.ages = &ageing{most: cfg.Pool.MaxLifetime}
	}
	return u
}

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
	probe  *probe    // one that runs, or that somebody waits for

	silent bool // it serves, and seems to have fallen silent; a probe runs
	ramp   bool // it has been reached
	since  time.Time
	limit  int           // logins at a time
	flying int           // logins that run
	turn   chan struct{} // closed when one may begin, or must not; nil until somebody waits for that
}

// probe is one attempt to connect to a server that was down.
type probe struct {
	begun   bool
	waiters []*waiter
}

// waiter is a caller that waits for the next result of several hosts.
type waiter struct {
	pool   *connector
	probes []*probe
	ended  chan result // has room for all
}

// result is what came of a probe.
type result struct {
	reached // dc is for one of those that wait in the pool that made it
	err     error
	again   bool // it is none for this waiter, who may try for himself
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

// share is what a probe may take.
func (c *connector) share() time.Duration {
	return min(max(c.patience()/time.Duration(len(c.hosts)), leastShare), c.patience())
}

// find returns the outage of a host, or nil.
func (m *memory) find(h *host) *outage {
	if len(m.down) == 0 {
		return nil
	}
	p := h.place()
	o := m.down[p]
	if o != nil && o.ramp && !o.silent && o.flying == 0 && time.Since(o.since) > rampLife {
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

// pass wakes those that wait for their turn.
func (o *outage) pass() {
	if o.turn != nil {
		close(o.turn)
		o.turn = nil
	}
}

// isUp is for one of find.
func (o *outage) isUp() bool { return o == nil || o.ramp }

// split returns the hosts that are not known to be down, those that seem so last, and those that are.
func (m *memory) split(hosts []*host) (up, down []*host) {
	if !m.used.Load() {
		return hosts, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var silent []*host
	for _, h := range hosts {
		switch o := m.find(h); {
		case !o.isUp():
			down = append(down, h)
		case o != nil && o.silent:
			silent = append(silent, h)
		default:
			up = append(up, h)
		}
	}
	return append(up, silent...), down
}

// begin waits until a connection to a host may be opened. It returns false if the host is down meanwhile, or ctx has
// ended. A flight that is not nil has to be ended.
func (m *memory) begin(ctx context.Context, h *host) (flight *outage, ok bool) {
	if !m.used.Load() {
		return nil, true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		o := m.find(h)
		switch {
		case o == nil:
			return nil, true
		case !o.ramp:
			return nil, false
		case o.flying < o.limit:
			o.flying++
			return o, true
		}
		if o.turn == nil {
			o.turn = make(chan struct{})
		}
		turn := o.turn
		m.mu.Unlock()
		select {
		case <-turn:
		case <-ctx.Done():
		}
		m.mu.Lock()
		if ctx.Err() != nil {
			return nil, false
		}
	}
}

// end is for what began.
func (m *memory) end(flight *outage) {
	if flight == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	flight.flying--
	flight.pass()
}

// doubt has one connection to a host be tried before others, where it is not known whether it is there.
func (m *memory) doubt(h *host) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.find(h) == nil {
		m.found(h).reached(1)
	}
}

// noteSilence has the hosts that serve be tried after the others, and once in the background, until that tells what they do.
func (c *connector) noteSilence() {
	m := c.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range c.hosts {
		o := m.find(h)
		if !h.serves || !o.isUp() || o != nil && o.probe != nil {
			continue
		}
		if o == nil {
			o = m.found(h)
			o.reached(1)
		}
		o.silent, o.probe = true, new(probe)
		c.launch(h, o.probe, 0)
	}
}

// reached begins the time in which connections become more.
func (o *outage) reached(limit int) {
	o.ramp, o.since, o.limit = true, time.Now(), limit
	o.pass()
}

// failed notes that a host could not be reached by an attempt that began at start. It reports whether that is news to
// its pool.
func (m *memory) failed(h *host, start time.Time, err error) (news bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h.serves = false
	if h.reached.After(start) { // by a later attempt
		return false
	}
	o := m.found(h)
	o.err, o.began, o.ended, o.chance, o.ramp = err, start, time.Now(), rand.Float64(), false
	o.pass()
	news, h.toldDown = !h.toldDown, true
	return news
}

// answered notes that a host was reached, and whether it serves. It reports whether that is news to its pool.
func (m *memory) answered(h *host, serves bool) (news bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h.reached, h.tries, h.serves = time.Now(), 0, serves
	switch o := m.find(h); {
	case o == nil:
	case !o.ramp:
		o.reached(2)
		if o.probe != nil { // which they need not wait for
			for _, w := range o.probe.waiters {
				w.ended <- result{again: true}
			}
			o.probe.waiters = nil
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

// wait is for how long a host that is down is to be left alone yet.
func (o *outage) wait(h *host, serving bool) time.Duration {
	if !serving {
		return probePause - time.Since(o.began)
	}
	pause := min(firstServingPause<<min(h.tries, 10), longestServingPause)
	return pause - time.Duration(o.chance*float64(pause/5)) - time.Since(o.ended)
}

// nudge has a host that is down be tried in the background, if it is time for that.
func (c *connector) nudge(h *host) {
	m := c.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.find(h)
	if o.isUp() || o.probe != nil {
		return
	}
	serving := slices.ContainsFunc(c.hosts, func(other *host) bool { return other.serves && m.find(other).isUp() })
	if o.wait(h, serving) > 0 {
		return
	}
	if serving {
		h.tries++
	}
	o.probe = new(probe)
	c.launch(h, o.probe, 0)
}

// launch tries a host after a pause. The attempt is that of the pool, so that none of its callers ends it for the others. Its
// time begins now, so that it is over with that of the caller who is the reason for it: the next one is not to get its result.
func (c *connector) launch(h *host, p *probe, pause time.Duration) {
	p.begun = true
	l := c.toConnect(time.Now(), "connecting")
	l.after = max(c.share(), pause+c.share()/2)
	time.AfterFunc(pause, func() {
		ctx, ok := c.enter()
		if !ok {
			c.tell(h, p, time.Now(), reached{}, &endError{KindCanceled, errClosed})
			return
		}
		defer c.probes.Done()
		start := time.Now()
		dc, role, err := c.connectWithin(ctx, h, l)
		c.tell(h, p, start, reached{dc, h, role}, err)
	})
}

// enter returns the context of what runs for the pool and none of its callers. probes has to be told when it is over. It
// returns false when the pool is closing.
func (c *connector) enter() (context.Context, bool) {
	ctx := c.background()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending {
		return ctx, false
	}
	c.probes.Add(1)
	return ctx, true
}

// background returns a context that ends with the pool.
func (c *connector) background() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life == nil {
		var cancel context.CancelFunc
		c.life, cancel = context.WithCancel(context.Background())
		c.onClose = append(c.onClose, cancel)
		if c.ending {
			cancel()
		}
	}
	return c.life
}

// tell notes the result of a probe and gives it to those who wait for it.
func (c *connector) tell(h *host, p *probe, start time.Time, made reached, err error) {
	kind, m := c.kindOf(err), c.memory
	down := err != nil && c.isOutage(h, kind, start, err)
	m.mu.Lock()
	waiters := p.waiters
	p.waiters = nil
	if o := m.find(h); o != nil && o.probe == p {
		o.probe, o.silent = nil, false
	}
	for _, w := range waiters {
		r := result{reached: reached{host: w.own(h)}, err: err}
		switch {
		case w.pool == c && made.dc != nil:
			r.reached, made.dc = made, nil
		case err == nil, w.pool != c && !down:
			r.again = true
		}
		w.ended <- r
	}
	m.mu.Unlock()
	c.note(h, start, kind, err)
	if made.dc != nil {
		c.closeConn(made.dc)
	}
}

// own returns the waiter's own host at the same place.
func (w *waiter) own(h *host) *host {
	if w.pool == h.pool {
		return h
	}
	i := slices.IndexFunc(w.pool.hosts, func(own *host) bool { return own.address == h.address })
	return w.pool.hosts[i]
}

// join waits for the next result of a host that is down. It returns false if the host is not.
func (w *waiter) join(h *host) bool {
	m := w.pool.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.find(h)
	if o.isUp() {
		return false
	}
	p := cmp.Or(o.probe, new(probe))
	o.probe = p
	p.waiters, w.probes = append(p.waiters, w), append(w.probes, p)
	if !p.begun {
		w.pool.launch(h, p, max(o.wait(h, false), 0))
	}
	return true
}

// leave ends the waiting, and closes a connection that has come and was not taken.
func (w *waiter) leave() {
	m := w.pool.memory
	m.mu.Lock()
	for _, p := range w.probes {
		p.waiters = slices.DeleteFunc(p.waiters, func(other *waiter) bool { return other == w })
	}
	m.mu.Unlock()
	for {
		select {
		case r := <-w.ended:
			if r.dc != nil {
				w.pool.closeConn(r.dc)
			}
		default:
			return
		}
	}
}

// await is for a time when all hosts are down. It returns the first connection that a probe opens, or, if all fail, why. With
// neither, a host may be up again.
func (c *connector) await(ctx context.Context, hosts []*host) (reached, []*HostError) {
	w := &waiter{pool: c, ended: make(chan result, len(hosts))}
	defer w.leave()
	for _, h := range hosts {
		if !w.join(h) {
			return reached{}, nil
		}
	}
	closing, ended := c.background().Done(), ctx.Done()
	var patience <-chan time.Time // nil until the time is over
	var failed []*HostError
	for len(failed) < len(hosts) {
		select {
		case r := <-w.ended:
			if r.dc != nil || r.again {
				return r.reached, nil
			}
			failed = append(failed, c.hostError(r.host, RoleAny, r.err))
			if kind := failed[len(failed)-1].Kind; !goesOn(kind) {
				return reached{}, failed
			}
		case <-closing:
			return reached{}, []*HostError{c.hostError(hosts[0], RoleAny, errClosed)}
		case <-ended:
			if end, ok := context.Cause(ctx).(*endError); ok && end.kind == KindTimeout { // that of the probe is over as well
				ended, patience = nil, time.After(grace)
				continue
			}
			return reached{}, append(failed, c.notTried(hosts, failed)...)
		case <-patience:
			return reached{}, append(failed, c.notTried(hosts, failed)...)
		}
	}
	return reached{}, failed
}

// notTried are the last failures of the hosts that are not in failed.
func (c *connector) notTried(hosts []*host, failed []*HostError) (all []*HostError) {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	for _, h := range hosts {
		if slices.ContainsFunc(failed, func(e *HostError) bool { return e.Host == h.address }) {
			continue
		}
		if o := c.memory.find(h); o != nil && o.err != nil {
			all = append(all, c.hostError(h, RoleAny, o.err))
		}
	}
	return all
}

// note notes what came of an attempt, and tells the bus what is news.
func (c *connector) note(h *host, start time.Time, kind Kind, err error) {
	switch {
	case err != nil && c.isOutage(h, kind, start, err):
		if c.memory.failed(h, start, err) {
			c.sayDown(h, kind, err)
		}
	case err != nil && kind == KindCanceled || is[*loginError](err):
	default:
		if err == nil {
			c.sockets.Mend()
		}
		if c.memory.answered(h, err == nil) {
			c.sayUp(h)
		}
	}
}

// isOutage reports whether an attempt that failed says that a server is down. One that refuses a login is not, nor one that has
// no connection left; and to be silent for a moment is not either, which may be all the time that the others have left to it.
func (c *connector) isOutage(h *host, kind Kind, start time.Time, err error) bool {
	switch kind {
	case KindTimeout:
		if len(c.hosts) > 1 && time.Since(start) < leastShare {
			return false
		}
	case KindUnreachable, KindStarting, KindTLS:
	default:
		return false
	}
	return !is[*loginError](err) && !is[*sessionError](err)
}

// loginError is one of those who were asked for the login, which says nothing of the server.
type loginError struct{ err error }

func (e *loginError) Error() string { return e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }

// sessionError is one of a function of WithSession, which may be about anything. The server has let the pool in.
type sessionError struct{ err error }

func (e *sessionError) Error() string { return e.err.Error() }
func (e *sessionError) Unwrap() error { return e.err }

package conn

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

const (
	probePause          = 110 * time.Millisecond // from the start of one probe to the next while no host serves: nine a second
	firstServingPause   = time.Second            // likewise while another one does, and up to a fifth less, from the end of the last one; doubles
	longestServingPause = 30 * time.Second
)

// upkeep is what a pool of connections to servers needs beyond its callers.
type upkeep struct {
	registry *registry.Registry
	memory   *memory
	share    time.Duration   // of the connect timeout, what a probe of a host may take
	life     context.Context // ends with the pool; nil until it is needed
	probes   sync.WaitGroup  // what runs in it
}

func newUpkeep(o *options) *upkeep {
	u := &upkeep{registry: o.registry, memory: &outages}
	if o.dial != nil { // which may lead elsewhere
		u.memory = new(memory)
	}
	return u
}

// probe is one attempt to connect to a server that was down, and those that wait for its result.
type probe struct{ waiters map[waiter]struct{} }

// waiter is a caller that waits for the next result of a host of its pool.
type waiter struct {
	host  *host
	ended chan<- result // has room for all hosts
}

// result is what came of a probe. With neither a connection nor an error it is none for this waiter, who may try for himself.
type result struct {
	reached
	err error
}

// wait is for how long a host that is down is to be left alone yet.
func (o *outage) wait(h *host, serving bool) time.Duration {
	if !serving {
		return probePause - time.Since(o.began)
	}
	pause := min(firstServingPause<<min(h.tries, 10), longestServingPause)
	return pause - time.Duration(o.chance*float64(pause/5)) - time.Since(o.ended)
}

// survey returns the hosts that are not known to be down, those that seem so last. Where there are some, it has the others be
// tried in the background, if it is time for that.
func (c *connector) survey(hosts []*host) (up []*host) {
	m := c.memory
	if !m.used.Load() {
		return hosts
	}
	m.mu.Lock()
	serving := false
	for _, silent := range []bool{false, true} {
		for _, h := range hosts {
			if o := m.find(h); o.isUp() && silent == (o != nil && o.silent) {
				up = append(up, h)
				serving = serving || h.serves
			}
		}
	}
	for _, h := range hosts {
		if o := m.find(h); len(up) > 0 && !o.isUp() && o.probe == nil && o.wait(h, serving) <= 0 {
			if serving {
				h.tries++
			}
			c.launch(h, o, 0)
		}
	}
	m.mu.Unlock()
	return up
}

// noteSilence has the hosts that serve be tried after the others, and once in the background, until that tells what they do.
func (c *connector) noteSilence() {
	m := c.memory
	m.mu.Lock()
	for _, h := range c.hosts {
		o := m.find(h)
		if !h.serves || !o.isUp() || o != nil && o.probe != nil {
			continue
		}
		if o == nil {
			o = m.found(h)
			o.rise(1)
		}
		o.silent = true
		c.launch(h, o, 0)
	}
	m.mu.Unlock()
}

// launch tries a host after a pause. The attempt is that of the pool, so that none of its callers ends it for the others. Its
// time begins now, so that it is over with that of the caller who is the reason for it: the next one is not to get its result.
func (c *connector) launch(h *host, o *outage, pause time.Duration) {
	p := &probe{make(map[waiter]struct{})}
	o.probe = p
	l := c.toConnect(time.Now(), "connecting")
	l.after = max(c.share, pause+c.share/2)
	time.AfterFunc(pause, func() {
		start := time.Now()
		made, err := reached{host: h}, error(&endError{KindCanceled, errClosed})
		if ctx, ok := c.enter(); ok {
			defer c.probes.Done()
			made, err = c.dial(ctx, h, l)
		}
		c.note(p, start, &made, err)
	})
}

// enter returns a context that ends with the pool, for what runs for it and is not over before probes is told. It returns false
// when the pool is closing.
func (c *connector) enter() (context.Context, bool) {
	c.mu.Lock()
	ok := !c.ending.Load()
	if ok && c.life == nil {
		var cancel context.CancelFunc
		c.life, cancel = context.WithCancel(context.Background())
		c.onClose = append(c.onClose, cancel)
	}
	if ok {
		c.probes.Add(1)
	}
	life := c.life
	c.mu.Unlock()
	return life, ok
}

// deliver ends a probe: it gives the result to those who wait for it, and the connection to one of them in the pool that made it.
// m.mu is held.
func (m *memory) deliver(p *probe, made *reached, err error, down bool) {
	if o := m.find(made.host); o != nil && o.probe == p {
		o.probe, o.silent = nil, false
	}
	for w := range p.waiters {
		r := result{reached: reached{host: w.host}}
		switch mine := w.host.pool == made.host.pool; {
		case mine && made.dc != nil:
			r.reached, made.dc = *made, nil
		case mine || down:
			r.err = err
		}
		w.ended <- r
	}
	p.waiters = nil
}

// dismiss has those who wait try for themselves.
func (p *probe) dismiss() {
	for w := range p.waiters {
		w.ended <- result{}
		delete(p.waiters, w)
	}
}

// join waits for the next result of a host that is down. It returns false if the host is not.
func (c *connector) join(w waiter) bool {
	m := c.memory
	m.mu.Lock()
	o := m.find(w.host)
	down := !o.isUp()
	if down {
		if o.probe == nil {
			c.launch(w.host, o, max(o.wait(w.host, false), 0))
		}
		o.probe.waiters[w] = struct{}{}
	}
	m.mu.Unlock()
	return down
}

// unjoin ends the waiting, and closes a connection that has come and was not taken. Who still waits is in the probe that the outage
// has now: every way up dismisses those who wait, and an outage is forgotten when it is up or has no probe.
func (c *connector) unjoin(hosts []*host, ended chan result) {
	m := c.memory
	m.mu.Lock()
	for _, h := range hosts {
		if o := m.find(h); o != nil && o.probe != nil {
			delete(o.probe.waiters, waiter{h, ended})
		}
	}
	m.mu.Unlock()
	for len(ended) > 0 {
		c.closeConn((<-ended).dc)
	}
}

// await is for a time when all hosts are down. It returns the first connection that a probe opens, or, if all fail, why. With
// neither, a host may be up again, or the pool is closing.
func (c *connector) await(ctx context.Context, hosts []*host) (reached, failures) {
	life, ok := c.enter()
	if !ok {
		return reached{}, nil
	}
	defer c.probes.Done()
	ended := make(chan result, len(hosts))
	defer c.unjoin(hosts, ended)
	for _, h := range hosts {
		if !c.join(waiter{h, ended}) {
			return reached{}, nil
		}
	}
	given := ctx.Done()
	var patience <-chan time.Time // nil until the time is over
	failed := make(failures)
	for gaveUp := false; !gaveUp && len(failed) < len(hosts); {
		select {
		case r := <-ended:
			if r.err == nil {
				return r.reached, nil
			}
			if kind := failed.add(r.host, RoleAny, r.err); !goesOn(kind) {
				return reached{}, failed
			}
		case <-life.Done():
			return reached{}, nil
		case <-given:
			end, ok := context.Cause(ctx).(*endError)
			if gaveUp = !ok || end.kind != KindTimeout; !gaveUp { // that of the probe is over as well
				given, patience = nil, time.After(grace)
			}
		case <-patience:
			gaveUp = true
		}
	}
	return reached{}, c.recall(failed)
}

// recall adds the last failures of the hosts that are down and have none.
func (c *connector) recall(failed failures) failures {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	for _, h := range c.hosts {
		if o := c.memory.find(h); failed[h] == nil && !o.isUp() {
			failed.add(h, RoleAny, o.err)
		}
	}
	return failed
}

package conn

import (
	"context"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// HostError says why one of several hosts could not be used.
type HostError struct {
	Host string // name or address, and port: "db1:5432"
	Role Role   // what the server is, where it got as far as telling; else RoleAny
	Kind Kind
	Err  error // of the last attempt, which may have been one for another caller
}

// Error gives the host and the error.
func (e *HostError) Error() string { return e.Host + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *HostError) Unwrap() error { return e.Err }

// MarshalText returns what Error returns, as that of [Error].
func (e *HostError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// host is one of the servers of a pool.
type host struct {
	inner     driver.Connector // the driver's own, or what WithConnector put around it
	base      driver.Connector // the driver's own in the latter case
	*standing                  // nil for files
}

// standing is what is known of a server.
type standing struct {
	pool *connector
	*place

	// The memory of the pool guards these.
	reached  time.Time // last
	tries    int       // how often it was tried while another one served
	serves   bool      // the last attempt gave a connection
	toldDown bool      // the bus has heard so

	// The roles of the pool guards these.
	role  Role      // what it was when it was heard of last
	known bool      // it was heard of
	since time.Time // it may be another; zero: nothing says so
	cause error     // of that
}

// newHost has the driver make a connector for the host of cfg, which has no Hosts and shares nothing.
func (c *connector) newHost(cfg *Config, info *registry.Info, o *options) (*host, error) {
	ask, err := o.askFor(cfg)
	if err != nil {
		return nil, err
	}
	env := registry.Env{
		Dial: o.dial, Watch: c.watch, Credentials: ask, Warn: c.warn,
		NoCreate: o.noCreate, NoDatabase: o.serverOnly, OnePool: func() { c.onePool = true },
	}
	if c.role != RoleAny {
		env.Role = c.hear
	}
	h := new(host)
	if !info.Files {
		h.standing = &standing{pool: c, place: c.placeOf(cfg, info)}
	}
	if err := recovered(func() (err error) { h.inner, err = c.driver.Connector(*cfg, env); return err }); err != nil {
		return nil, err
	}
	if len(o.wrap) > 0 {
		h.base = h.inner
	}
	for _, wrap := range o.wrap {
		h.inner = wrap(h.inner)
	}
	return h, nil
}

// leastShare is what a host gets of the time at least, where there is enough.
const leastShare = time.Second

// failures are why hosts could not be used.
type failures map[*host]*HostError

// add adds one and returns its kind.
func (f failures) add(h *host, r Role, err error) Kind {
	kind := diagnose(err, h.pool.driver).Kind
	f[h] = &HostError{h.address, r, kind, err}
	return kind
}

// reach connects to the first host that can be used.
func (c *connector) reach(ctx context.Context) (reached, error) {
	if c.upkeep == nil { // a file
		return c.dial(ctx, c.hosts[0], c.shareOf(ctx, 1))
	}
	if c.isDoubtful() {
		for _, h := range c.hosts {
			c.memory.doubt(h)
		}
	}
	if c.several && c.sockets.Silent() >= seemsGone {
		c.noteSilence()
	}
	for {
		r, failed := c.reachOnce(ctx)
		switch {
		case r.dc != nil:
			return r, nil
		case len(failed) > 0:
			return r, c.inList(failed)
		case ctx.Err() != nil:
			return r, context.Cause(ctx)
		case c.ending.Load():
			return r, errClosed
		}
		// A host that was down may be up, or the other way round.
	}
}

// inList makes one error of failures, in the order of the list.
func (c *connector) inList(failed failures) error {
	var all []*HostError
	for _, h := range c.hosts {
		if e := failed[h]; e != nil {
			all = append(all, e)
		}
	}
	if !c.several {
		return all[0].Err
	}
	return &hostsError{all}
}

// isDoubtful reports whether no one has tried yet whether the database is there, or whether it seems to have gone: several of
// the pool's connections broke, and none was opened since. Else all that lost theirs would dial at the same moment.
func (c *connector) isDoubtful() bool {
	return c.sockets.Broken() >= seemsGone || c.lazy != nil && c.lazy.attempts.Load() == 0
}

const seemsGone = 3 // connections that broke, or that gave no answer one after the other

// reachOnce tries the hosts that are not known to be down, or waits for those that are where there is no other. With neither
// a connection nor an error there was none to try.
func (c *connector) reachOnce(ctx context.Context) (reached, failures) {
	hosts := c.inOrder()
	up := c.survey(hosts)
	if len(up) == 0 {
		return c.await(ctx, hosts)
	}
	failed := make(failures)
	var spare reached // a writer, where a reader is preferred
	for i, h := range up {
		flight, ok := c.memory.begin(ctx, h)
		if !ok {
			continue
		}
		r, err := c.fly(ctx, h, flight, c.shareOf(ctx, len(up)-i))
		if err != nil {
			if kind := failed.add(h, r.role, err); ctx.Err() != nil || !goesOn(kind) {
				break
			}
			continue
		}
		switch isSecond := c.role == RolePreferReader && r.role == RoleWriter; {
		case !isSecond:
			c.closeConn(spare.dc)
			return r, nil
		case spare.dc == nil:
			spare = r
		default:
			c.closeConn(r.dc)
		}
	}
	switch {
	case ctx.Err() != nil:
		c.closeConn(spare.dc)
	case spare.dc != nil:
		return spare, nil
	case len(failed) == 0:
		return reached{}, nil
	}
	return reached{}, c.recall(failed)
}

// fly connects to a host, notes what came of it, and ends the flight.
func (c *connector) fly(ctx context.Context, h *host, flight *outage, l *limit) (r reached, err error) {
	defer c.memory.end(flight) // also where the driver ends the goroutine
	start := time.Now()
	r, err = c.dial(ctx, h, l)
	c.note(nil, start, &r, err)
	return r, err
}

// shareOf is the limit of a host where n are left to try: no less than a second, but where a caller has less than two left, half
// of that, or the first host would have it all. The last one has all that is left.
func (c *connector) shareOf(ctx context.Context, n int) *limit {
	l := &limit{from: time.Now(), what: "no connection within its share of the connect timeout,", doing: "connecting"}
	if end, bounded := ctx.Deadline(); bounded && n > 1 {
		rest := time.Until(end)
		l.after = max(rest/time.Duration(n), min(leastShare, rest/2)).Round(time.Millisecond)
	}
	return l
}

// inOrder returns the hosts in the order in which they are to be tried.
func (c *connector) inOrder() []*host {
	if c.order != registry.HostsRandom {
		return c.hosts
	}
	hosts := make([]*host, len(c.hosts))
	for i, j := range rand.Perm(len(hosts)) {
		hosts[i] = c.hosts[j]
	}
	return hosts
}

// goesOn reports whether another host may do what one could not, which failed with this kind. A login that is refused is
// not tried elsewhere: that would lock the user out.
func goesOn(kind Kind) bool {
	switch kind {
	case KindUnreachable, KindTimeout, KindStarting, KindTooMany, KindLost, KindTLS, KindRole:
		return true
	}
	return false
}

// hostsError is what came of several hosts, in the order of the list.
type hostsError struct{ all []*HostError }

func (e *hostsError) Error() string {
	text := ""
	for i, one := range e.all {
		if i > 0 {
			text += "; "
		}
		text += one.Error()
	}
	return text
}

func (e *hostsError) Unwrap() (all []error) {
	for _, one := range e.all {
		all = append(all, one)
	}
	return all
}

// deciding is the error that gives the kind: that of the caller's end, of the first host that was reached, or of the first.
func (e *hostsError) deciding() *HostError {
	if i := slices.IndexFunc(e.all, func(one *HostError) bool { return one.Kind == KindCanceled }); i >= 0 {
		return e.all[i]
	}
	i := slices.IndexFunc(e.all, func(one *HostError) bool { return one.Kind != KindUnreachable && one.Kind != KindTimeout })
	return e.all[max(i, 0)]
}

// decidingOf is what gives the kind in err, which is err itself unless several hosts were tried.
func decidingOf(err error) error {
	if hosts, ok := errors.AsType[*hostsError](err); ok {
		return hosts.deciding().Err
	}
	return err
}

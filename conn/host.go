package conn

import (
	"context"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/observer"
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
	base      driver.Connector // the driver's own
	inner     driver.Connector // the same, or what WithConnector put around it
	*standing                  // nil for files
}

// standing is what is known of a server.
type standing struct {
	pool    *connector
	address string
	tls     *TLS

	// The memory of the pool guards these.
	reached  time.Time // last
	tries    int       // how often it was tried while another one served
	serves   bool      // the last attempt gave a connection
	toldDown bool      // the bus has heard so

	mu    sync.Mutex
	role  Role // what it was when it was heard of last
	known bool // it was heard of
}

// newHost has the driver make a connector for the host of cfg, which has no Hosts.
func (c *connector) newHost(cfg Config, info registry.Info, o *options) (*host, error) {
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
		h.standing = &standing{pool: c, address: address(&cfg, info), tls: cfg.TLS}
	}
	if err = recovered(func() (err error) { h.base, err = c.driver.Connector(cfg.Clone(), env); return err }); err != nil {
		return nil, err
	}
	h.inner = h.base
	for _, wrap := range o.wrap {
		h.inner = wrap(h.inner)
	}
	return h, nil
}

// leastShare is what a host gets of the time at least, where there is enough.
const leastShare = time.Second

// reached is a new connection, and what is known of its server.
type reached struct {
	dc   driver.Conn
	host *host // nil for a file
	role Role  // as far as it was asked for
}

// reach connects to the first host that can be used.
func (c *connector) reach(ctx context.Context) (r reached, err error) {
	if c.upkeep == nil { // a file
		r.dc, r.role, err = c.connect(ctx, c.hosts[0])
		return r, err
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
		case failed == nil && ctx.Err() != nil:
			return r, context.Cause(ctx)
		case failed == nil: // a host that was down may be up, or the other way round
		case !c.several:
			return r, failed[0].Err
		default:
			slices.SortStableFunc(failed, func(a, b *HostError) int { return c.rank(a) - c.rank(b) })
			return r, &hostsError{failed}
		}
	}
}

// isDoubtful reports whether no one has tried yet whether the database is there, or whether it seems to have gone: several of
// the pool's connections broke, and none was opened since. Else all that lost theirs would dial at the same moment.
func (c *connector) isDoubtful() bool {
	return c.sockets.Broken() >= seemsGone || c.lazy != nil && !c.isTried()
}

const seemsGone = 3 // connections that broke, or that gave no answer one after the other

// rank is the place of a host in the list.
func (c *connector) rank(e *HostError) int {
	return slices.IndexFunc(c.hosts, func(h *host) bool { return h.address == e.Host })
}

// reachOnce tries the hosts that are not known to be down, or waits for those that are where there is no other. With neither
// a connection nor an error there was none to try.
func (c *connector) reachOnce(ctx context.Context) (reached, []*HostError) {
	up, down := c.memory.split(c.inOrder())
	if len(up) == 0 {
		return c.await(ctx, down)
	}
	for _, h := range down {
		c.nudge(h)
	}
	var failed []*HostError
	var spare reached // a writer, where a reader is preferred
	for i, h := range up {
		flight, ok := c.memory.begin(ctx, h)
		if !ok {
			down = append(down, h)
			continue
		}
		r, kind, err := c.fly(ctx, h, flight, c.shareOf(ctx, len(up)-i))
		switch {
		case err == nil && (c.role != RolePreferReader || r.role != RoleWriter):
			if spare.dc != nil {
				c.closeConn(spare.dc)
			}
			return r, nil
		case err == nil && spare.dc == nil:
			spare = r
			continue
		case err == nil:
			c.closeConn(r.dc)
			continue
		}
		failed = append(failed, &HostError{h.address, r.role, kind, err})
		if ctx.Err() != nil || !goesOn(kind) {
			break
		}
	}
	switch {
	case spare.dc != nil && ctx.Err() == nil:
		return spare, nil
	case spare.dc != nil:
		c.closeConn(spare.dc)
	case failed == nil && ctx.Err() == nil:
		return reached{}, nil
	}
	return reached{}, append(failed, c.notTried(down, failed)...)
}

// fly connects to a host, notes what came of it, and ends the flight.
func (c *connector) fly(ctx context.Context, h *host, flight *outage, l limit) (r reached, kind Kind, err error) {
	defer c.memory.end(flight) // also where the driver ends the goroutine
	start := time.Now()
	r.host = h
	r.dc, r.role, err = c.connectWithin(ctx, h, l)
	kind = c.kindOf(err)
	c.note(h, start, kind, err)
	return r, kind, err
}

// shareOf is the limit of a host where n are left to try: no less than a second, but where a caller has less than two left, half
// of that, or the first host would have it all. The last one has all that is left.
func (c *connector) shareOf(ctx context.Context, n int) limit {
	l := limit{from: time.Now(), what: "no connection within its share of the connect timeout,", doing: "connecting"}
	if end, bounded := ctx.Deadline(); bounded && n > 1 {
		rest := time.Until(end)
		l.after = max(rest/time.Duration(n), min(leastShare, rest/2)).Round(time.Millisecond)
	}
	return l
}

func (c *connector) connectWithin(ctx context.Context, h *host, l limit) (dc driver.Conn, role Role, err error) {
	err = c.within(ctx, l, func(ctx context.Context) error {
		dc, role, err = c.connect(ctx, h)
		return err
	})
	return dc, role, err
}

// kindOf is the kind of what failed; that of nil is KindUnknown.
func (c *connector) kindOf(err error) Kind { return diagnose(err, c.driver).Kind }

func (c *connector) hostError(h *host, role Role, err error) *HostError {
	return &HostError{h.address, role, c.kindOf(err), err}
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

// sayDown tells the bus that a host is down. Of a single one that has not been opened yet, opening tells.
func (c *connector) sayDown(h *host, kind Kind, err error) {
	if c.several || c.isOpen() {
		observer.Emit(c.bus, HostDown{c.name, c.dialect, h.address, kind, shown(err)})
	}
}

func (c *connector) sayUp(h *host) {
	if c.several || c.isOpen() {
		observer.Emit(c.bus, HostUp{c.name, c.dialect, h.address})
	}
}

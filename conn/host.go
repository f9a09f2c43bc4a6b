package conn

import (
	"context"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// HostError says why one of several hosts could not be used.
type HostError struct {
	Host string // name or address, and port: "db1:5432"
	Role Role   // what the server is, where it got as far as telling; else RoleAny
	Kind Kind
	Err  error
}

// Error gives the host and the error.
func (e *HostError) Error() string { return e.Host + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *HostError) Unwrap() error { return e.Err }

// host is one of the servers of a pool.
type host struct {
	address string
	base    driver.Connector // the driver's own
	inner   driver.Connector // the same, or what WithConnector put around it

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
		NoCreate: o.noCreate, NoDatabase: o.serverOnly,
	}
	if c.role != RoleAny {
		env.Role = c.hear
	}
	h := new(host)
	if !info.Files {
		h.address = address(&cfg, info)
	}
	if h.base, err = recovered(func() (driver.Connector, error) { return c.driver.Connector(cfg.Clone(), env) }); err != nil {
		return nil, err
	}
	h.inner = h.base
	for _, wrap := range o.wrap {
		h.inner = wrap(h.inner)
	}
	return h, nil
}

// leastShare is what a host gets of the time at least.
const leastShare = time.Second

// reach connects to the first host that can be used.
func (c *connector) reach(ctx context.Context) (driver.Conn, error) {
	if !c.several {
		dc, _, err := c.connect(ctx, c.hosts[0])
		return dc, err
	}
	var failed []*HostError
	var spare driver.Conn // to a writer, where a reader is preferred
	hosts := c.inOrder()
	for i, h := range hosts {
		dc, role, err := c.connectWithin(ctx, h, len(hosts)-i)
		switch {
		case err == nil && (c.role != RolePreferReader || role != RoleWriter):
			if spare != nil {
				closeConn(spare)
			}
			return dc, nil
		case err == nil && spare == nil:
			spare = dc
			continue
		case err == nil:
			closeConn(dc)
			continue
		}
		kind := diagnose(err, c.driver).Kind
		failed = append(failed, &HostError{h.address, role, kind, err})
		if ctx.Err() != nil || !goesOn(kind) {
			break
		}
	}
	if spare != nil && ctx.Err() == nil {
		return spare, nil
	} else if spare != nil {
		closeConn(spare)
	}
	return nil, &hostsError{failed}
}

// connectWithin connects to one host within its share of what is left of the time for n of them.
func (c *connector) connectWithin(ctx context.Context, h *host, n int) (dc driver.Conn, role Role, err error) {
	l := limit{from: time.Now(), what: "no connection within its share of the connect timeout,", doing: "connecting"}
	if end, bounded := ctx.Deadline(); bounded && n > 1 {
		l.after = max(time.Until(end)/time.Duration(n), leastShare).Round(time.Millisecond)
	}
	err = c.within(ctx, l, func(ctx context.Context) error {
		dc, role, err = c.connect(ctx, h)
		return err
	})
	return dc, role, err
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

// hostsError is what came of several hosts. What decides is the first that was reached, else the first.
type hostsError struct {
	all []*HostError
}

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

// deciding is the error that gives the kind.
func (e *hostsError) deciding() *HostError {
	for _, one := range e.all {
		if one.Kind != KindUnreachable && one.Kind != KindTimeout {
			return one
		}
	}
	return e.all[0]
}

// decidingOf is what gives the kind in err, which is err itself unless several hosts were tried.
func decidingOf(err error) error {
	if hosts, ok := errors.AsType[*hostsError](err); ok {
		return hosts.deciding().Err
	}
	return err
}

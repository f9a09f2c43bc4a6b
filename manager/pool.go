package manager

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// pool is one connection of a name, from the moment it is open until it is closed. When a name is opened
// again, that is another pool.
type pool struct {
	// What handing out reads comes first, and on one cache line.
	state atomic.Int64 // number of leases and flags, so that both change in one step
	used  atomic.Int64 // when it was last used, by the manager's clock
	conn  *conn.Conn
	cfg   *conn.Config // never modified

	name    string
	tracked bool // opened by others, so that it cannot be opened again once evicted
	born    time.Time

	seenUsed  int64     // used when the janitor last saw it change; Manager.mu is held
	idleSince time.Time // when that was

	// The end of it. A pool is retired once, by taking its name from it, and from then on drained by one
	// goroutine, unless it was closed by others.
	unleased chan struct{}           // closed when retired and without a lease
	closed   chan struct{}           // closed when the connection is
	hurry    context.Context         // ends with the grace
	hasten   context.CancelFunc      // ends the grace
	force    context.Context         // ends with the patience
	cut      context.CancelCauseFunc // ends the patience
	ended    chan struct{}           // closed when drained, or closed by others
	light    chan struct{}           // closed when it has no idle connections left
	evicted  int64                   // when, by the manager's clock; 0: it was not
	err      error                   // of closing; valid when ended
}

// What state counts and flags.
const (
	shared  = 1 << iota // the connection was handed out without a lease
	retired             // the name is, or is about to be, someone else's
	lease               // one lease; the rest of the bits count them
)

func newPool(name string, c *conn.Conn, cfg *conn.Config) *pool {
	p := &pool{
		name: name, conn: c, cfg: cfg, born: time.Now(),
		unleased: make(chan struct{}), closed: make(chan struct{}), light: make(chan struct{}), ended: make(chan struct{}),
	}
	p.hurry, p.hasten = context.WithCancel(context.Background())
	p.force, p.cut = context.WithCancelCause(context.Background())
	return p
}

// share reports whether the connection may be handed out without a lease. Once it was, it has a grace: a pool
// that retires at this moment either is seen to be retired here or sees that it is shared.
func (p *pool) share() bool {
	if p.state.Load()&(shared|retired) == shared {
		return true
	}
	return p.state.Or(shared)&retired == 0
}

// lease takes a lease, unless the pool has retired.
func (p *pool) lease() bool {
	for {
		old := p.state.Load()
		if old&retired != 0 {
			return false
		}
		if p.state.CompareAndSwap(old, old+lease) {
			return true
		}
	}
}

func (p *pool) leases() int { return int(p.state.Load() / lease) }

// retire ends the handing out and reports whether somebody may hold the connection without a lease.
func (p *pool) retire() (wasShared bool) {
	old := p.state.Or(retired)
	if old < lease {
		close(p.unleased)
	}
	return old&shared != 0
}

// idle reports whether nobody uses the pool.
func (p *pool) idle() bool { return p.state.Load() < lease && p.conn.Stats().InUse == 0 }

// retireUnleased is retire for a pool that has no lease, in the same step.
func (p *pool) retireUnleased() (wasShared, ok bool) {
	for {
		old := p.state.Load()
		if old >= lease || old&retired != 0 {
			return false, false
		}
		if p.state.CompareAndSwap(old, old|retired) {
			close(p.unleased)
			return old&shared != 0, true
		}
	}
}

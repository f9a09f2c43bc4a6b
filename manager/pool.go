package manager

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
)

// pool is one connection of a name, from the moment it is open until it is closed. When the name is opened again,
// that is another pool. A pool is retired once, by taking its name from it, and from then on drained, unless it
// was closed by others.
type pool struct {
	// What handing out reads comes first, on one cache line.
	state atomic.Int64 // number of leases and flags, so that both change in one step
	used  atomic.Int64 // when it was last used, by the manager's clock
	conn  *conn.Conn
	cfg   *conn.Config // not modified by anyone

	name     string
	tracked  bool // opened by others, so that it cannot be opened again once evicted
	born     time.Time
	birth    uint64
	unleased chan struct{} // closed when it is retired and has no lease
	closed   chan struct{} // closed when the connection is
	main     side          // of conn
	reader   *side         // of conn.Reader; nil if that is conn itself

	// For an idle time; Manager.mu is held.
	seenUsed  int64     // used when it was last seen to change
	idleSince time.Time // when that was

	// What follows is set by drain.
	soon      context.Context         // ends when leases and the grace period are not waited for any longer
	closeSoon context.CancelFunc      // ends it
	force     context.Context         // ends when what is still in use is to be cut off
	cut       context.CancelCauseFunc // ends it
	evicted   uint64                  // when, in the order of births; 0: it was not
	told      chan struct{}           // closed when the listeners know of the eviction; nil if it was not evicted
	trimmed   chan struct{}           // closed when it keeps no idle connections any more
	late      chan struct{}           // closed when closing takes longer than it may
	isLate    func()                  // closes late
	ended     chan struct{}           // closed when draining has
	err       error                   // of closing; valid when ended
}

// What pool.state consists of.
const (
	shared  = 1 << iota // the connection was handed out without a lease
	retired             // the name is, or is about to be, that of another pool
	lease               // one lease; the rest of the bits count them
)

func newPool(name string, c *conn.Conn, cfg *conn.Config) *pool {
	p := &pool{name: name, conn: c, cfg: cfg, born: time.Now(), unleased: make(chan struct{}), closed: make(chan struct{})}
	p.main.conn = c
	return p
}

// side is one of the pools that a pool of the manager consists of: the one for writing, and perhaps one for reading.
type side struct {
	conn       *conn.Conn
	shortage   shortage     // of connections
	idleClosed atomic.Int64 // 1 more than MaxIdleClosed before its idle connections were closed; 0: it has them
}

// sides calls f for each of them.
func (p *pool) sides(f func(*side)) {
	f(&p.main)
	if p.reader != nil {
		f(p.reader)
	}
}

// share reports whether the connection may be handed out without a lease: not after the pool was retired, when it
// may have no grace period.
func (p *pool) share() bool {
	for {
		old := p.state.Load()
		if old&retired != 0 {
			return false
		}
		if old&shared != 0 || p.state.CompareAndSwap(old, old|shared) {
			return true
		}
	}
}

// shareLeased is share for those who have a lease, which ends afterwards: that keeps the pool from closing before
// it is known to have a grace period.
func (p *pool) shareLeased() { p.state.Or(shared) }

func (p *pool) isShared() bool { return p.state.Load()&shared != 0 }

// lease takes a lease, unless the pool was retired.
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

// idle reports whether nobody uses the pool.
func (p *pool) idle() bool { return p.leases() == 0 && p.conn.Stats().InUse == 0 }

// retire ends the handing out.
func (p *pool) retire() {
	if p.state.Or(retired) < lease {
		close(p.unleased)
	}
}

// retireUnleased is retire for a pool that has no lease, in the same step. It reports whether it has none.
func (p *pool) retireUnleased() bool {
	for {
		old := p.state.Load()
		if old >= lease || old&retired != 0 {
			return false
		}
		if p.state.CompareAndSwap(old, old|retired) {
			close(p.unleased)
			return true
		}
	}
}

// Lease is the right to use a connection until it is released: it is not evicted, and if it is replaced, it
// is closed only afterwards. [Manager.Close] and [Manager.CloseAll] wait for the release, up to the close
// timeout.
type Lease struct {
	manager  *Manager
	pool     *pool
	quiet    bool // it is no use of the connection
	released atomic.Bool
}

// Conn returns the connection. It must not be used after the release.
func (l *Lease) Conn() *conn.Conn { return l.pool.conn }

// Release gives the lease back. It may be called more than once.
func (l *Lease) Release() {
	if !l.released.Swap(true) {
		l.manager.forget(l)
		if !l.quiet {
			l.manager.touch(l.pool)
		}
		l.manager.release(l.pool)
	}
}

// release takes one lease off the pool. The last one is what draining waits for, or an opening without a place.
func (m *Manager) release(p *pool) {
	state := p.state.Add(-lease)
	switch {
	case state >= lease:
	case state&retired != 0:
		close(p.unleased)
	case m.places.wanted.Load():
		m.mu.Lock()
		defer m.mu.Unlock()
		m.admit()
	}
}

// lost takes the name from a connection that was closed by others. If it was closed by the manager, that has been
// done.
func (m *Manager) lost(p *pool) {
	defer m.unwatch(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	p.sides((*side).endIdle)
	close(p.closed)
	if e := m.names[p.name]; e != nil && e.current == p {
		p.retire()
		m.unname(e)
		m.keepTotal(p)
		m.admit()
	}
}

// unname takes the name from its pool, and from the pool its place. m.mu is held.
func (m *Manager) unname(e *entry) {
	p := e.current
	e.current = nil
	m.open.Delete(p.name)
	m.places.taken--
	m.tidy(p.name, e)
}

// drain closes a retired pool on a goroutine of its own, after the event of its eviction if it was evicted, after
// the last lease and, if it was handed out without one, after the grace period. m.mu is held.
func (m *Manager) drain(p *pool, grace time.Duration, evicted *Evicted) {
	m.draining[p] = struct{}{}
	p.soon, p.closeSoon = context.WithCancel(context.Background())
	p.force, p.cut = context.WithCancelCause(context.Background())
	p.trimmed, p.ended = make(chan struct{}), make(chan struct{})
	if evicted != nil {
		p.evicted = m.nextBirth()
	}
	p.late = make(chan struct{})
	p.isLate = sync.OnceFunc(func() { close(p.late) })
	if evicted != nil {
		p.told = make(chan struct{})
		go func() {
			defer close(p.told)
			observer.Emit(m.bus, *evicted)
		}()
		if grace > 0 && p.isShared() {
			go m.trim(p)
		}
	}
	go func() {
		stop := p.lateAfter(p.force)
		p.linger(grace)
		err := m.finish(p)
		stop()
		p.closeSoon()
		p.cut(nil)
		m.mu.Lock()
		p.err = err
		delete(m.draining, p)
		m.keepTotal(p)
		m.mu.Unlock()
		close(p.ended)
	}()
}

// slack is how long closing a connection may take when its time is over, which package conn uses to cut off what is
// still there. What takes longer is a listener or a function of OnClose.
const slack = 500 * time.Millisecond

// lateAfter makes the pool late when its closing is not over soon after ctx has ended.
func (p *pool) lateAfter(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { time.AfterFunc(slack, p.isLate) })
}

// finish closes a retired pool, whatever the driver, a listener or a function of OnClose does.
func (m *Manager) finish(p *pool) error {
	panicked, err := try(func() error { return m.shutdown(p) })
	if panicked == nil {
		return err
	}
	// Perhaps it happened before the pool was closed.
	if again, err := try(func() error { return p.conn.Abort(panicked) }); again == nil {
		return err
	}
	return m.report(p, panicked)
}

// trim makes the pool keep no idle connections during its grace period. That takes as long as the driver does.
func (m *Manager) trim(p *pool) {
	defer close(p.trimmed)
	p.sides((*side).endIdle)
	if panicked, _ := try(func() error { p.conn.Trim(); return nil }); panicked != nil {
		_ = m.report(p, panicked) // to those who listen; nobody waits for it
	}
}

// report tells the bus of a failure that package conn cannot tell of.
func (m *Manager) report(p *pool, cause error) error {
	err := refusal(p.name, p.cfg, cause)
	observer.Emit(m.bus, observer.Error{Source: "connection", Err: err})
	return err
}

// try runs f on a goroutine of its own and returns what f does, or why it did not return: it panicked, or it ended
// its goroutine.
func try(f func() error) (panicked *PanicError, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		returned := false
		defer func() {
			if !returned {
				panicked = &PanicError{Value: recover(), Stack: debug.Stack()}
			}
		}()
		err = f()
		returned = true
	}()
	<-done
	return panicked, err
}

// linger waits for the last lease and, if the connection was handed out without one, for the end of the grace
// period.
func (p *pool) linger(grace time.Duration) {
	over := time.NewTimer(grace)
	defer over.Stop()
	select {
	case <-p.unleased:
	case <-p.closed:
		return
	case <-p.soon.Done():
		return
	}
	if !p.isShared() {
		return
	}
	select {
	case <-over.C:
	case <-p.closed:
	case <-p.soon.Done():
	}
}

// shutdown closes a retired pool: it waits for leases and queries, together as long as the close timeout allows,
// and cuts off the rest.
func (m *Manager) shutdown(p *pool) error {
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(p.force, m.timeout, m.overdue())
	defer cancel()
	select {
	case <-p.unleased:
	case <-p.closed:
	case <-ctx.Done():
		if n := p.leases(); n > 0 && !isDone(p.closed) {
			defer p.lateAfter(ctx)()
			return p.conn.Abort(fmt.Errorf("%w; leases not released: %d", context.Cause(ctx), n))
		}
	}
	if p.told != nil {
		select { // the listeners learn of the eviction first, if they let it be
		case <-p.told:
		case <-ctx.Done():
		}
	}
	left := m.timeout - time.Since(start)
	done := m.turns.take(p.force, m.timeout)
	defer done()
	ctx, cancel = context.WithTimeoutCause(p.force, left, m.overdue())
	defer cancel()
	defer p.lateAfter(ctx)()
	return p.conn.Shutdown(ctx)
}

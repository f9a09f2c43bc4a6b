package manager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
)

// moment is how long those whose context has ended still wait for what usually comes at once: the reason why
// nothing was opened in time, or the end of a driver that heeds the cancellation.
const moment = 100 * time.Millisecond

// opening opens a name for all who wait for it. It runs on a goroutine and a context of its own, so that no
// single caller ends it. It is given up, by its context, when the last one leaves or the name is closed: then
// nobody may join it, and what it still opens is closed.
type opening struct {
	name     string
	cfg      *conn.Config // not modified by anyone
	opts     []conn.Option
	replaces bool // what is open, and the config that the map has for the name
	ctx      context.Context
	cancel   context.CancelCauseFunc
	done     chan struct{} // closed when pool and err are set
	freed    chan struct{} // closed when the name may be opened by others
	ended    chan struct{} // closed when the goroutine has nothing left to do, or was never started
	admitted chan struct{} // closed when there is a place for it
	evicted  *pool         // for that place; nil if one was free

	// The rest belongs to Manager.mu.
	entry   *entry
	began   time.Time
	birth   uint64
	waiters int         // each gets a lease
	placed  bool        // it takes one of the places
	free    *time.Timer // takes the name from it if it is given up and does not end; nil until it is given up
	pool    *pool
	err     error
	closing error // of closing what was opened too late; valid when ended

	retrying *retrying // nil if no attempt has failed
}

// retrying is an attempt that failed and another that follows.
type retrying struct {
	failure conn.Failure
	at      time.Time // of the next
}

func newOpening(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option) *opening {
	o := &opening{
		name: name, cfg: cfg, opts: opts, waiters: 1,
		done: make(chan struct{}), freed: make(chan struct{}), ended: make(chan struct{}), admitted: make(chan struct{}),
	}
	o.ctx, o.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	return o
}

// pin returns the pool of a name with a lease on it, and opens it if need be. A nil cfg is that of the name.
func (m *Manager) pin(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option) (*pool, error) {
	p, o, err := m.join(ctx, name, cfg, opts)
	if o != nil {
		return m.await(ctx, o)
	}
	return p, err
}

// join leases the pool of a name, or finds the opening to wait for, which it starts if there is none.
func (m *Manager) join(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option) (*pool, *opening, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuses(); err != nil {
		return nil, nil, refusal(name, cfg, err)
	}
	if e := m.names[name]; e != nil {
		has, state := e.config()
		if err := mismatch(name, state, has, cfg); err != nil {
			return nil, nil, err
		}
		switch state {
		case StateOpen:
			e.current.lease() // it is only retired with m.mu held, so this succeeds
			m.touch(e.current)
			return e.current, nil, nil
		case StateOpening:
			o := e.opening()
			o.waiters++
			return nil, o, nil
		}
		cfg = cmp.Or(cfg, has)
	}
	if cfg == nil {
		return nil, nil, m.unknown(name)
	}
	o := newOpening(ctx, name, cfg, opts)
	m.start(o)
	return nil, o, nil
}

// Replace opens the connection of that name with another config, or with the same once more, and puts it in the
// place of the one that is open. That one goes on working for those who have it: for the grace period, and until
// its leases are released. If opening fails nothing changes. If the name is in the map of configs, its config
// there is replaced too. Where nothing is open, Replace just opens.
func (m *Manager) Replace(ctx context.Context, name string, cfg conn.Config, opts ...conn.Option) error {
	return m.replace(ctx, name, new(cfg.Clone()), opts)
}

func (m *Manager) replace(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option) error {
	if ctx.Err() != nil {
		return refusal(name, cfg, context.Cause(ctx))
	}
	o := newOpening(ctx, name, cfg, opts)
	o.replaces = true
	for {
		busy, err := m.tryStart(o)
		if err != nil {
			return err
		}
		if busy == nil {
			break
		}
		select { // one opening of a name at a time
		case <-busy.freed:
		case <-ctx.Done():
			return o.refusal(fmt.Errorf("%w while waiting for another opening of it", context.Cause(ctx)))
		}
	}
	p, err := m.await(ctx, o)
	if err == nil {
		m.release(p)
	}
	return err
}

// tryStart starts the opening unless there is another one of the name, which it returns.
func (m *Manager) tryStart(o *opening) (busy *opening, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuses(); err != nil {
		return nil, o.refusal(err)
	}
	if e := m.names[o.name]; e != nil {
		if busy = cmp.Or(e.next, e.running); busy != nil {
			return busy, nil
		}
	}
	m.start(o)
	return nil, nil
}

// start starts the opening, at once or after the one that was given up. m.mu is held.
func (m *Manager) start(o *opening) {
	o.entry = m.entry(o.name)
	o.began, o.birth = time.Now(), m.nextBirth()
	if o.entry.running != nil {
		o.entry.next = o
		return
	}
	o.entry.running = o
	go m.run(o)
}

// run opens the connection. A driver that panics, or ends the goroutine, must not end the program or leave those
// who wait without an answer.
func (m *Manager) run(o *opening) {
	var c *conn.Conn
	var err error
	returned := false
	defer func() { m.land(o, c, err) }() // also if a listener ends the goroutine
	defer func() {
		if !returned {
			e := o.refusal(&PanicError{Value: recover(), Stack: debug.Stack()})
			err = e
			m.emitFailed(o, e)
		}
	}()
	if err = m.claim(o); err != nil {
		err = m.failed(o, err)
	} else {
		opts := []conn.Option{conn.WithObserver(m.bus)}
		for _, f := range m.opts {
			opts = append(opts, f(o.name, o.cfg.Clone())...)
		}
		opts = append(append(opts, o.opts...), conn.WithName(o.name), conn.WithOnRetry(func(e conn.Retrying) { m.noteRetry(o, e) }))
		c, err = conn.Open(o.ctx, *o.cfg, opts...) // it sends the event of its own failure
		if hang, ok := errors.AsType[*conn.HangError](err); ok {
			m.leaveBehind(o, err)
			<-hang.Done() // the place is the driver's until then
		}
	}
	returned = true
}

// noteRetry notes what Stats tell of an opening.
func (m *Manager) noteRetry(o *opening, e conn.Retrying) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	o.retrying = &retrying{conn.Failure{At: now, Kind: e.Kind, Hint: e.Hint, Err: e.Err}, now.Add(e.Delay)}
}

// leaveBehind gives the opening up with an error for those who wait, which says that the driver does not return.
func (m *Manager) leaveBehind(o *opening, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o.answer(nil, err)
	if !o.givenUp() {
		o.entry.fail(err)
	}
	m.giveUp(o, err)
}

// failed sends the event for an opening that package conn was not asked for, or gave no answer on.
func (m *Manager) failed(o *opening, cause error) error {
	err := o.refusal(cause)
	m.emitFailed(o, err)
	return err
}

func (m *Manager) emitFailed(o *opening, err *conn.Error) {
	observer.Emit(m.bus, conn.Failed{Name: o.name, Dialect: err.Dialect, Kind: err.Kind, Hint: err.Hint, Err: err})
}

// land ends the opening: what it opened becomes the connection of the name or, if it comes too late, is closed.
func (m *Manager) land(o *opening, c *conn.Conn, err error) {
	defer close(o.ended)
	defer o.cancel(nil)
	var p *pool
	m.mu.Lock()
	if c != nil {
		p = newPool(o.name, c, o.cfg)
		if o.givenUp() || !m.publish(o.entry, p, o.waiters) {
			p.retire()
			m.drain(p, 0, nil)
			m.mu.Unlock()
			<-p.ended // before the name is opened again
			m.mu.Lock()
			o.closing = p.err
			p, err = nil, o.refusal(cmp.Or(context.Cause(o.ctx), ErrClosed))
		}
	}
	defer m.mu.Unlock()
	e := o.entry
	switch {
	case p != nil && o.replaces && e.cfg != nil:
		e.cfg = o.cfg
	case e.running == o && err != nil && context.Cause(o.ctx) != ErrClosed:
		e.fail(failure(err, o.givenUp()))
	}
	if o.placed { // the pool, if there is one, has its own
		m.places.taken--
	}
	delete(m.canceled, o)
	if o.free != nil {
		o.free.Stop()
	}
	m.admit()
	o.answer(p, err)
	m.next(o)
}

// publish makes p the connection of its name, with a number of leases. It reports false, and does nothing, if p
// is closed already. m.mu is held.
func (m *Manager) publish(e *entry, p *pool, leases int) bool {
	if !p.conn.OnClose(func() { m.lost(p) }) {
		return false
	}
	if reader := p.conn.Reader(); reader != p.conn {
		p.reader = &side{conn: reader}
		reader.OnClose(p.reader.endIdle) // which may be before that of its Conn
	}
	old := e.current
	e.current, e.err = p, nil
	p.birth = m.nextBirth()
	p.state.Add(int64(leases) * lease)
	m.touch(p)
	m.open.Store(p.name, p)
	if old == nil {
		m.places.taken++
	} else {
		old.retire()
		m.drain(old, m.grace, nil)
	}
	m.clock.advance()
	m.lookAfter()
	m.watchPools()
	return true
}

func (m *Manager) nextBirth() uint64 {
	m.births++
	return m.births
}

// next takes the name from an opening that has ended, or is left behind, and starts the one that waits for it. m.mu
// is held.
func (m *Manager) next(o *opening) {
	e := o.entry
	if e.running != o {
		return
	}
	e.running = nil
	close(o.freed)
	if waiting := e.next; waiting != nil {
		e.next = nil
		m.start(waiting)
	}
	m.tidy(o.name, e)
}

// await waits for the opening as long as ctx allows. The last one to leave gives it up.
func (m *Manager) await(ctx context.Context, o *opening) (*pool, error) {
	select {
	case <-o.done:
		return o.pool, o.err
	case <-ctx.Done():
	}
	if m.leave(o, context.Cause(ctx)) {
		// What the attempts have met until now says more than that the time was up.
		select {
		case <-o.done:
			return o.pool, o.err
		case <-time.After(moment):
		}
	}
	return nil, o.late(context.Cause(ctx))
}

// leave takes a waiter off the opening, and reports whether there is an answer for it, or will be soon.
func (m *Manager) leave(o *opening, cause error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.answered() {
		return true
	}
	o.waiters--
	if o.waiters > 0 {
		return false
	}
	m.giveUp(o, cause)
	o.entry.fail(o.late(cause)) // until the driver says more
	return true
}

// giveUp cancels the opening, or drops it if it has not started. If the driver does not heed that, the name is free
// when the close timeout is over. m.mu is held.
func (m *Manager) giveUp(o *opening, cause error) {
	o.cancel(cause)
	m.places.leave(o)
	switch {
	case o.entry.next == o:
		o.entry.next = nil
		o.answer(nil, o.refusal(cause))
		close(o.freed)
		close(o.ended)
	case o.free == nil:
		m.canceled[o] = struct{}{}
		o.free = time.AfterFunc(m.timeout, func() { m.abandon(o) })
	}
}

// abandon takes the name from an opening that was given up and does not end. What it may still open is closed then.
func (m *Manager) abandon(o *opening) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next(o)
}

func (o *opening) givenUp() bool { return o.ctx.Err() != nil }

// answer tells those who wait; only the first answer counts. Manager.mu is held.
func (o *opening) answer(p *pool, err error) {
	if !o.answered() {
		o.pool, o.err = p, err
		close(o.done)
	}
}

func (o *opening) answered() bool { return isDone(o.done) }

// late is the error for those who waited no longer.
func (o *opening) late(cause error) *conn.Error {
	return o.refusal(fmt.Errorf("%w while it was being opened", cause))
}

func (o *opening) refusal(err error) *conn.Error { return refusal(o.name, o.cfg, err) }

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

package manager

import (
	"cmp"
	"context"
	"runtime/debug"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
)

// flight is one opening of a name, shared by all who wait for it. It runs on a goroutine and a context of its
// own, so that it is no single caller who ends it.
type flight struct {
	name    string
	cfg     *conn.Config
	opts    []conn.Option
	replace bool // open although the name has a connection
	reload  bool // the config becomes that of the name
	began   time.Time
	ctx     context.Context
	cancel  context.CancelCauseFunc
	done    chan struct{} // closed when pool and err are there
	ended   chan struct{} // closed when the goroutine has nothing left to do, or was never started

	// The rest belongs to Manager.mu.
	entry   *entry
	waiters int   // each gets a lease
	flags   int64 // that the pool gets
	givenUp bool  // nobody may join it, and what it opens is closed
	place   bool  // it counts in Manager.taken
	pool    *pool
	err     error
	closing error // of closing what was opened too late; valid when ended
}

func newFlight(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option) *flight {
	clone := cfg.Clone()
	f := &flight{
		name: name, cfg: &clone, opts: opts, began: time.Now(), waiters: 1,
		done: make(chan struct{}), ended: make(chan struct{}),
	}
	f.ctx, f.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	return f
}

// launch starts the flight, at once or after the one that was given up. m.mu is held.
func (m *Manager) launch(f *flight) {
	f.entry = m.entry(f.name)
	if f.entry.running != nil {
		f.entry.next = f
		return
	}
	f.entry.running = f
	go m.fly(f)
}

// fly opens the database. A driver that panics, or ends the goroutine, must not end the program or leave the
// waiters waiting.
func (m *Manager) fly(f *flight) {
	var (
		c    *conn.Conn
		err  = errExited
		told bool // package conn has sent the event
	)
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{value, debug.Stack()}
		}
		if err != nil && !told {
			e := f.refusal(err)
			observer.Emit(m.bus, conn.Failed{Name: f.name, Dialect: f.cfg.Dialect, Kind: e.Kind, Err: e})
			err = e
		}
		m.land(f, c, err)
	}()
	if waiting := m.claim(f); waiting != nil {
		err = waiting
		return
	}
	opts := append([]conn.Option{conn.WithObserver(m.bus)}, m.opts...)
	opts = append(append(opts, f.opts...), conn.WithName(f.name))
	c, err = conn.Open(f.ctx, *f.cfg, opts...)
	told = true
}

// land ends the flight: what it opened becomes the connection of the name or, if it comes too late, is closed.
func (m *Manager) land(f *flight, c *conn.Conn, err error) {
	defer close(f.ended)
	defer f.cancel(nil)
	var p *pool
	if c != nil {
		p = newPool(f.name, c, f.cfg)
		p.watch(m)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if p != nil && (f.givenUp || p.isClosed()) {
		m.mu.Unlock()
		p.retire()
		f.closing = m.finish(p)
		m.mu.Lock()
		p, err = nil, f.refusal(cmp.Or(context.Cause(f.ctx), ErrClosed))
	}
	if p != nil {
		m.publish(p, f)
	} else {
		m.leavePlace(f)
		if !f.givenUp {
			f.entry.failed(f, err)
		}
	}
	f.answer(p, err)
	m.next(f)
}

// publish makes p the connection of its name. m.mu is held.
func (m *Manager) publish(p *pool, f *flight) {
	e := f.entry
	old := e.current
	e.current, e.err = p, nil
	if f.reload || f.replace && e.cfg != nil {
		e.cfg = f.cfg
	}
	if !f.place && old == nil {
		m.taken++
	}
	f.place = false
	p.state.Add(int64(f.waiters) * lease)
	p.state.Or(f.flags)
	m.touch(p)
	m.live.Store(p.name, p)
	if old != nil {
		m.drain(old, old.retire(), nil)
	}
	m.clock.advance()
	m.lookAfter()
}

// failed notes why nothing was opened.
func (e *entry) failed(f *flight, err error) {
	e.err = err
	if f.reload && e.current == nil {
		e.cfg = f.cfg // nothing is open that the config before would be right for
	}
}

// next lets go of a flight that has ended, or is left behind, and starts the one that waits for it. m.mu is held.
func (m *Manager) next(f *flight) {
	e := f.entry
	if e.running != f {
		return
	}
	e.running = nil
	if waiting := e.next; waiting != nil {
		e.next = nil
		m.launch(waiting)
	}
	m.tidy(f.name, e)
}

// giveUp cancels the flight, or drops it if it has not started. m.mu is held.
func (m *Manager) giveUp(f *flight, cause error) {
	f.givenUp = true
	f.cancel(cause)
	if f.entry.next == f {
		f.entry.next = nil
		f.answer(nil, f.refusal(cause))
		close(f.ended)
	}
}

// answer tells the waiters; only the first answer counts. Manager.mu is held.
func (f *flight) answer(p *pool, err error) {
	if !f.answered() {
		f.pool, f.err = p, err
		close(f.done)
	}
}

func (f *flight) answered() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

func (f *flight) refusal(err error) *conn.Error { return refusal(f.name, f.cfg, err) }

package manager

import (
	"cmp"
	"context"
	"time"

	"github.com/patchbay-go/patchbay/conn"
)

// moment is how long a caller whose context has ended waits for the reason why nothing was opened in time.
const moment = 100 * time.Millisecond

// pin returns the pool of a name with a lease on it, and opens it if need be. A nil cfg is that of the name. The
// pool gets the flags before anybody can retire it.
func (m *Manager) pin(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option, flags int64) (*pool, error) {
	p, f, err := m.join(ctx, name, cfg, opts, flags)
	if f == nil {
		return p, err
	}
	return m.await(ctx, f)
}

// join leases the pool of a name, or finds the flight to wait for, which it starts if there is none.
func (m *Manager) join(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option, flags int64) (*pool, *flight, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing != nil {
		return nil, nil, refusal(name, cfg, ErrClosing)
	}
	if e := m.names[name]; e != nil {
		has, state := e.config()
		if err := mismatch(name, state, has, cfg); err != nil {
			return nil, nil, err
		}
		switch state {
		case StateOpen:
			e.current.lease() // it only retires with m.mu held, so this succeeds
			e.current.state.Or(flags)
			m.touch(e.current)
			return e.current, nil, nil
		case StateOpening:
			f := e.joinable()
			f.waiters++
			f.flags |= flags
			return nil, f, nil
		}
		cfg = cmp.Or(cfg, has)
	}
	if cfg == nil {
		return nil, nil, m.unknown(name)
	}
	f := newFlight(ctx, name, cfg, opts)
	f.flags = flags
	m.launch(f)
	return nil, f, nil
}

// config returns the config that the name stands for now, and why; nil if it stands for none.
func (e *entry) config() (*conn.Config, State) {
	switch f := e.joinable(); {
	case e.current != nil:
		return e.current.cfg, StateOpen
	case f != nil:
		return f.cfg, StateOpening
	}
	return e.cfg, StateClosed
}

// joinable returns the flight that a new caller may wait for; nil if there is none.
func (e *entry) joinable() *flight {
	if e.running != nil && !e.running.givenUp {
		return e.running
	}
	return e.next
}

// await waits for the flight as long as ctx allows. Whoever leaves last gives it up.
func (m *Manager) await(ctx context.Context, f *flight) (*pool, error) {
	select {
	case <-f.done:
		return f.pool, f.err
	case <-ctx.Done():
	}
	if m.leave(f, context.Cause(ctx)) {
		// What the attempts have met until now says more than that the time was up.
		select {
		case <-f.done:
			return f.pool, f.err
		case <-time.After(moment):
		}
	}
	return nil, f.refusal(context.Cause(ctx))
}

// leave takes a waiter off the flight, and reports whether there is an answer for it, or will be soon.
func (m *Manager) leave(f *flight, cause error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.answered() {
		return true
	}
	f.waiters--
	if f.waiters > 0 {
		return false
	}
	m.giveUp(f, cause)
	return true
}

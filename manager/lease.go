package manager

import (
	"context"
	"sync/atomic"

	"github.com/patchbay-go/patchbay/conn"
)

// Lease is the right to use a connection until it is released: it is not evicted, and if it is replaced, it
// is closed only afterwards. A [Manager.Close] or [Manager.CloseAll] waits for the release up to the close
// timeout.
type Lease struct {
	manager  *Manager
	pool     *pool
	released atomic.Bool
}

// Acquire is [Manager.Get] for a connection that must stay open until the lease is released.
func (m *Manager) Acquire(ctx context.Context, name string, cfg conn.Config, opts ...conn.Option) (*Lease, error) {
	if p := m.lookup(name); p != nil && p.cfg.Equal(&cfg) && p.lease() {
		m.touch(p)
		return &Lease{manager: m, pool: p}, nil
	}
	return m.leased(m.pin(ctx, name, &cfg, opts, 0))
}

// AcquireNamed is [Manager.Named] for a connection that must stay open until the lease is released.
func (m *Manager) AcquireNamed(ctx context.Context, name string) (*Lease, error) {
	if p := m.lookup(name); p != nil && p.lease() {
		m.touch(p)
		return &Lease{manager: m, pool: p}, nil
	}
	return m.leased(m.pin(ctx, name, nil, nil, 0))
}

func (m *Manager) leased(p *pool, err error) (*Lease, error) {
	if err != nil {
		return nil, err
	}
	return &Lease{manager: m, pool: p}, nil
}

// Conn returns the connection. It is not to be used after the release.
func (l *Lease) Conn() *conn.Conn { return l.pool.conn }

// Release gives the lease back. It may be called more than once.
func (l *Lease) Release() {
	if !l.released.Swap(true) {
		l.manager.touch(l.pool)
		l.manager.release(l.pool)
	}
}

// release takes one lease off the pool, and tells whoever waits for the last one.
func (m *Manager) release(p *pool) {
	state := p.state.Add(-lease)
	switch {
	case state >= lease:
	case state&retired != 0:
		close(p.unleased)
	case m.queued.Load() > 0:
		m.mu.Lock()
		m.vacate()
		m.mu.Unlock()
	}
}

package manager

import (
	"context"

	"github.com/patchbay-go/patchbay/conn"
)

// Replace opens the connection of that name with another config, or the same once more, and puts it in the
// place of the one there is. That one goes on working for those who have it: for the grace, and until its
// leases are released. If opening fails nothing changes. If the name is one of a map of configs, its config
// there is replaced too. Where nothing is open, Replace just opens.
func (m *Manager) Replace(ctx context.Context, name string, cfg conn.Config, opts ...conn.Option) error {
	f := newFlight(ctx, name, &cfg, opts)
	f.replace = true
	return m.replace(ctx, f)
}

func (m *Manager) replace(ctx context.Context, f *flight) error {
	for {
		busy, err := m.tryLaunch(f)
		if err != nil {
			return err
		}
		if busy == nil {
			break
		}
		select { // one opening of a name at a time
		case <-busy.ended:
		case <-ctx.Done():
			return f.refusal(context.Cause(ctx))
		}
	}
	p, err := m.await(ctx, f)
	if err == nil {
		m.release(p)
	}
	return err
}

// tryLaunch starts the flight unless another one of the name is there, which it returns.
func (m *Manager) tryLaunch(f *flight) (busy *flight, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing != nil {
		if f.reload { // what is open with the config before is about to be closed, and the name would stand for nothing
			m.entry(f.name).cfg = f.cfg
		}
		return nil, f.refusal(ErrClosing)
	}
	if e := m.names[f.name]; e != nil {
		if busy = e.joinable(); busy == nil {
			busy = e.running
		}
	}
	if busy == nil {
		m.launch(f)
	}
	return busy, nil
}

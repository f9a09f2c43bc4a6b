package manager

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/patchbay-go/patchbay/conn"
)

// reloadsAtOnce bounds how many connections a Reload opens and closes at the same time.
const reloadsAtOnce = 16

// Reload gives the manager another map of configs in place of the one from [WithConfigs] or the last Reload.
// What is open and whose config has changed is replaced as by [Manager.Replace], what is gone from the map is
// closed as by [Manager.Close], and the rest is left untouched, as is what was opened by Get under a name that
// is in neither map. Nothing else is opened.
//
// If a config is not valid, nothing changes at all. If a connection cannot be replaced, it stays, with its
// config, and another Reload tries again. The error joins those of all names. Reloads run one after the other.
func (m *Manager) Reload(ctx context.Context, configs map[string]conn.Config) error {
	if err := validate(configs); err != nil {
		return err
	}
	select {
	case m.reload <- struct{}{}:
		defer func() { <-m.reload }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	changed, gone, err := m.adopt(configs)
	if err != nil {
		return err
	}

	var wg sync.WaitGroup
	turns := make(chan struct{}, reloadsAtOnce)
	errs := make([]error, len(changed)+len(gone))
	for i, name := range append(changed, gone...) {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			if i >= len(changed) {
				errs[i] = m.Close(ctx, name)
				return
			}
			cfg := configs[name]
			f := newFlight(ctx, name, &cfg, nil)
			f.replace, f.reload = true, true
			errs[i] = m.replace(ctx, f)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func validate(configs map[string]conn.Config) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		if err := configs[name].Validate(); err != nil {
			errs = append(errs, fmt.Errorf("connection %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// adopt takes the configs that can be changed at once, and tells of which names the connection has to be
// replaced or closed, sorted.
func (m *Manager) adopt(configs map[string]conn.Config) (changed, gone []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing != nil {
		return nil, nil, ErrClosing
	}
	for _, name := range slices.Sorted(maps.Keys(m.names)) {
		e := m.names[name]
		if _, kept := configs[name]; kept || e.cfg == nil {
			continue
		}
		e.cfg, e.err = nil, nil
		for _, f := range []*flight{e.running, e.next} {
			if f != nil {
				f.reload = false // for the map before; it may go on for those who joined it
			}
		}
		if _, state := e.config(); state != StateClosed || e.running != nil {
			gone = append(gone, name)
		}
		m.tidy(name, e)
	}
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		cfg := configs[name]
		cfg = cfg.Clone()
		e := m.entry(name)
		if has, state := e.config(); state == StateClosed || has.Equal(&cfg) {
			e.cfg = &cfg
		} else {
			changed = append(changed, name)
		}
	}
	return changed, gone, nil
}

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
	own := make(map[string]*conn.Config, len(configs))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		cfg := configs[name]
		own[name] = new(cfg.Clone())
		if err := cfg.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", called(name), err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	select {
	case m.reload <- struct{}{}:
		defer func() { <-m.reload }()
	case <-ctx.Done():
		return fmt.Errorf("%w while waiting for another Reload", context.Cause(ctx))
	}
	changed, gone, err := m.adopt(own)
	if err != nil {
		return err
	}

	var wg sync.WaitGroup
	turns := make(chan struct{}, reloadsAtOnce)
	errs = make([]error, len(changed)+len(gone))
	for i, name := range slices.Concat(changed, gone) {
		done := func() {}
		select {
		case turns <- struct{}{}:
			done = func() { <-turns }
		case <-ctx.Done(): // what is still to be done takes no time then
		}
		wg.Go(func() {
			defer done()
			if cfg := own[name]; cfg == nil {
				errs[i] = m.Close(ctx, name)
			} else if errs[i] = m.replace(ctx, name, cfg, nil); errs[i] != nil {
				m.keepConfig(name)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// adopt makes the map that of the manager, and tells of which names the connection has to be replaced or closed,
// sorted.
func (m *Manager) adopt(configs map[string]*conn.Config) (changed, gone []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuses(); err != nil {
		return nil, nil, err
	}
	ending := make(map[string]bool)
	for o := range m.canceled {
		ending[o.name] = true
	}
	for p := range m.draining {
		ending[p.name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(m.names)) {
		e := m.names[name]
		if configs[name] != nil || e.cfg == nil {
			continue
		}
		e.cfg, e.err = nil, nil
		if e.current != nil || e.running != nil || ending[name] {
			gone = append(gone, name)
		}
		m.tidy(name, e)
	}
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		e := m.entry(name)
		if has, state := e.config(); state != StateClosed && !has.Equal(*configs[name]) {
			changed = append(changed, name)
		}
		e.cfg = configs[name]
	}
	return changed, gone, nil
}

// keepConfig gives a name whose connection could not be replaced the config of that again, if it is still there.
func (m *Manager) keepConfig(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.names[name]; e != nil && e.cfg != nil {
		e.cfg, _ = e.config()
	}
}

// Track adds a connection that was opened elsewhere, by the name that it was opened with: Get returns it to those
// who ask for its name and config, and Close and CloseAll close it. It is never evicted, because the manager could
// not open it again the way it was. It is an error if the connection is closed already, or if its name stands for
// another one.
func (m *Manager) Track(c *conn.Conn) error {
	cfg := c.Config()
	p := newPool(c.Name(), c, &cfg)
	p.tracked = true
	p.share() // with those who opened it

	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuses(); err != nil {
		return refusal(p.name, p.cfg, err)
	}
	e := m.entry(p.name)
	defer m.tidy(p.name, e)
	has, state := e.config()
	switch {
	case state == StateOpen && e.current.conn == c:
		return nil
	case state != StateClosed:
		return fmt.Errorf("%s cannot be tracked, another one of that name is %s: close that first, or open this one with another name", called(p.name), now[state])
	}
	if err := mismatch(p.name, state, has, p.cfg); err != nil {
		return err
	}
	if !m.publish(e, p, 0) {
		return fmt.Errorf("%s cannot be tracked: it is closed", called(p.name))
	}
	return nil
}

package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Close closes the connection of that name and frees the name. It waits for leases and queries as long as the
// close timeout and ctx allow, and then cuts them off, which is an error; the name is free in any case. An
// opening that is under way is canceled. What is left of the name from before, after a [Manager.Replace] or an
// eviction, is closed as well. A name that is not open is no error.
func (m *Manager) Close(ctx context.Context, name string) error {
	m.mu.Lock()
	var left leftovers
	if e := m.names[name]; e != nil {
		m.dismantle(e, &left)
	}
	for p := range m.draining {
		if p.name == name {
			left.pools = append(left.pools, p)
		}
	}
	m.mu.Unlock()
	return m.clear(ctx, left)
}

// closing is a CloseAll under way.
type closing struct {
	done chan struct{}
	err  error // valid when done
}

// CloseAll closes all connections as [Manager.Close] does, many at a time. While it runs nothing is opened: Get
// and the like fail with [ErrClosing]. A second call waits for the first and returns the same. Its error joins
// those of the connections. The manager can be used again afterwards.
func (m *Manager) CloseAll(ctx context.Context) error {
	m.mu.Lock()
	if c := m.closing; c != nil {
		m.mu.Unlock()
		select {
		case <-c.done:
			return c.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	c := &closing{done: make(chan struct{})}
	m.closing = c
	var left leftovers
	for _, e := range m.names {
		m.dismantle(e, &left)
	}
	for p := range m.draining {
		left.pools = append(left.pools, p)
	}
	if m.janitor != nil && m.janitor.Stop() {
		m.janitor = nil
	}
	m.mu.Unlock()

	c.err = m.clear(ctx, left)
	m.mu.Lock()
	m.closing = nil
	m.mu.Unlock()
	close(c.done)
	return c.err
}

// leftovers are what is on its way out.
type leftovers struct {
	flights []*flight
	pools   []*pool
}

// dismantle takes the name from what it stands for. m.mu is held.
func (m *Manager) dismantle(e *entry, left *leftovers) {
	for _, f := range []*flight{e.running, e.next} {
		if f != nil && f.reload && !f.givenUp {
			e.cfg = f.cfg // nothing will be open that the config before would be right for
		}
	}
	if f := e.next; f != nil {
		m.giveUp(f, ErrClosed)
	}
	if f := e.running; f != nil {
		m.giveUp(f, ErrClosed)
		f.answer(nil, f.refusal(ErrClosed)) // its waiters need not wait for the driver
		left.flights = append(left.flights, f)
	}
	if p := e.current; p != nil {
		p.retire()
		m.unname(e, p)
		m.drain(p, false, nil)
	}
}

// clear waits until everything is closed.
func (m *Manager) clear(ctx context.Context, left leftovers) error {
	slices.SortFunc(left.flights, func(a, b *flight) int { return strings.Compare(a.name, b.name) })
	slices.SortFunc(left.pools, func(a, b *pool) int { return strings.Compare(a.name, b.name) })
	for _, p := range left.pools {
		p.hasten()
	}
	stop := context.AfterFunc(ctx, func() {
		for _, p := range left.pools {
			p.cut(context.Cause(ctx))
		}
	})
	defer stop()

	var errs []error
	patience, cancel := context.WithTimeoutCause(ctx, m.timeout, m.overdue())
	defer cancel()
	for _, f := range left.flights {
		errs = append(errs, m.waitFor(patience, f))
	}
	for _, p := range left.pools {
		<-p.ended // soon after its own timeout or ctx
		errs = append(errs, p.err)
	}
	return errors.Join(errs...)
}

// waitFor waits for a flight that was given up. If it does not end, the name is taken from it, and what it may
// still open is closed then.
func (m *Manager) waitFor(ctx context.Context, f *flight) error {
	select {
	case <-f.ended:
		return f.closing
	case <-ctx.Done():
	}
	select {
	case <-f.ended:
		return f.closing
	case <-time.After(moment):
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next(f)
	return f.refusal(fmt.Errorf("the driver goes on opening it although that was canceled: %w", context.Cause(ctx)))
}

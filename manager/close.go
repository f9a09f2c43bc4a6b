package manager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"time"
)

// Close closes the connection of that name and frees the name. It waits for leases and queries as long as the
// close timeout and ctx allow, and then cuts them off, which is an error; the name is free in any case. An
// opening that is under way is canceled. What is left of the name from before, after a [Manager.Replace] or an
// eviction, is closed as well. A name that is not open is no error.
func (m *Manager) Close(ctx context.Context, name string) error {
	m.mu.Lock()
	var openings []*opening
	if e := m.names[name]; e != nil {
		openings = m.dismiss(e)
	}
	var pools []*pool
	for p := range m.draining {
		if p.name == name {
			pools = append(pools, p)
		}
	}
	m.admit()
	m.mu.Unlock()
	return m.end(ctx, openings, pools)
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
	var openings []*opening
	for _, e := range m.names {
		openings = append(openings, m.dismiss(e)...)
	}
	pools := slices.Collect(maps.Keys(m.draining))
	if m.sweeper != nil && m.sweeper.Stop() {
		m.sweeper = nil
	}
	m.mu.Unlock()

	c.err = m.end(ctx, openings, pools)
	m.mu.Lock()
	m.closing = nil
	m.mu.Unlock()
	close(c.done)
	return c.err
}

// CloseOn waits until ctx ends or the program gets one of the signals, then calls [Manager.CloseAll] and
// returns its error. Without signals it waits for ctx alone. A second signal ends the program, as it does
// without CloseOn.
//
//	go func() {
//		err := m.CloseOn(context.Background(), os.Interrupt, syscall.SIGTERM)
//		...
//		os.Exit(1)
//	}()
func (m *Manager) CloseOn(ctx context.Context, signals ...os.Signal) error {
	wait, stop := ctx, func() {}
	if len(signals) > 0 { // without any, signal.NotifyContext would take all
		wait, stop = signal.NotifyContext(ctx, signals...)
	}
	<-wait.Done()
	stop()
	return m.CloseAll(context.WithoutCancel(ctx))
}

// dismiss takes everything from a name: it gives up what is being opened, which it returns if it has to be waited
// for, and drains what is open. m.mu is held.
func (m *Manager) dismiss(e *entry) (running []*opening) {
	if o := e.next; o != nil {
		m.giveUp(o, ErrClosed)
	}
	if o := e.running; o != nil {
		m.giveUp(o, ErrClosed)
		o.answer(nil, o.refusal(ErrClosed)) // those who wait for it need not wait for the driver
		running = append(running, o)
	}
	if p := e.current; p != nil {
		p.retire()
		m.unname(e)
		m.drain(p, 0, nil)
	}
	return running
}

// end waits until everything is closed.
func (m *Manager) end(ctx context.Context, openings []*opening, pools []*pool) error {
	slices.SortFunc(openings, func(a, b *opening) int { return cmp.Compare(a.name, b.name) })
	slices.SortFunc(pools, func(a, b *pool) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.birth, b.birth)) })
	for _, p := range pools {
		p.closeSoon()
	}
	stop := context.AfterFunc(ctx, func() {
		for _, p := range pools {
			p.cut(context.Cause(ctx))
		}
	})
	defer stop()

	var errs []error
	patience, cancel := context.WithTimeoutCause(ctx, m.timeout, m.overdue())
	defer cancel()
	for _, o := range openings {
		errs = append(errs, m.waitFor(patience, o))
	}
	for _, p := range pools {
		<-p.ended // soon after its own timeout or ctx
		// One whose opening ended too late may be there for both reasons.
		if !slices.Contains(errs, p.err) {
			errs = append(errs, p.err)
		}
	}
	return errors.Join(errs...)
}

// waitFor waits for an opening that was given up. If it does not end, the name is taken from it, and what it may
// still open is closed then.
func (m *Manager) waitFor(ctx context.Context, o *opening) error {
	select {
	case <-o.ended:
		return o.closing
	case <-ctx.Done():
	}
	select {
	case <-o.ended:
		return o.closing
	case <-time.After(moment):
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next(o)
	return o.refusal(fmt.Errorf("the driver ignored the cancellation and is still connecting: %w", context.Cause(ctx)))
}

// closesAtOnce bounds how many connections are closed at the same time. It is about what the program and its
// servers do at once; a connection that only waits for its leases does not count.
const closesAtOnce = 64

// turns are what a connection needs to be closed. Those that wait for queries may hold all of them for long. What
// is forced to close does so soon, and must not wait behind them: there are further turns for that alone.
type turns struct{ all, forced chan struct{} }

func newTurns() turns {
	return turns{make(chan struct{}, closesAtOnce), make(chan struct{}, closesAtOnce)}
}

// take waits for a turn, but no longer than the timeout. done gives it back.
func (t turns) take(force context.Context, timeout time.Duration) (done func()) {
	late := time.NewTimer(timeout)
	defer late.Stop()
	var forced chan struct{} // nil until it is
	for {
		select {
		case t.all <- struct{}{}:
			return func() { <-t.all }
		case forced <- struct{}{}:
			return func() { <-forced }
		case <-late.C:
			return func() {}
		case <-force.Done():
			forced, force = t.forced, context.Background()
		}
	}
}

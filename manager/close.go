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
// eviction, is closed as well, and openings that were given up before are waited for. A name that is not open is no
// error.
//
// What does not end when its time is over, because a driver, a listener or a function of [conn.Conn.OnClose] does not
// return, is an error: [Manager.Stats] shows it until it has ended, and Close may be called again to wait for it.
func (m *Manager) Close(ctx context.Context, name string) error {
	m.mu.Lock()
	if e := m.names[name]; e != nil {
		m.dismiss(e)
	}
	openings := slices.DeleteFunc(slices.Collect(maps.Keys(m.canceled)), func(o *opening) bool { return o.name != name })
	pools := slices.DeleteFunc(slices.Collect(maps.Keys(m.draining)), func(p *pool) bool { return p.name != name })
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
			return fmt.Errorf("%w while waiting for another CloseAll", context.Cause(ctx))
		}
	}
	c := &closing{done: make(chan struct{})}
	m.closing = c
	for _, e := range m.names {
		m.dismiss(e)
	}
	openings := slices.Collect(maps.Keys(m.canceled))
	pools := slices.Collect(maps.Keys(m.draining))
	if m.sweeper != nil && m.sweeper.Stop() {
		m.sweeper = nil
	}
	if m.watch.timer != nil && m.watch.timer.Stop() {
		m.watch.timer = nil
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

// dismiss takes everything from a name: it gives up what is being opened and drains what is open. m.mu is held.
func (m *Manager) dismiss(e *entry) {
	if o := e.next; o != nil {
		m.giveUp(o, ErrClosed)
	}
	if o := e.running; o != nil {
		m.giveUp(o, ErrClosed)
		o.answer(nil, o.refusal(ErrClosed)) // those who wait for it need not wait for the driver
	}
	if p := e.current; p != nil {
		p.retire()
		m.unname(e)
		m.drain(p, 0, nil)
	}
}

// end waits until everything is closed, or its time is over.
func (m *Manager) end(ctx context.Context, openings []*opening, pools []*pool) error {
	slices.SortFunc(openings, func(a, b *opening) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.birth, b.birth)) })
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
	over := make(chan struct{}) // a moment after patience, once for all that is waited for
	defer context.AfterFunc(patience, func() { time.AfterFunc(moment, func() { close(over) }) })()
	for _, o := range openings {
		err := o.waitFor(over)
		if err == errNotEnded {
			m.abandon(o)
			err = o.refusal(fmt.Errorf("%w: %w", err, context.Cause(patience)))
		}
		errs = append(errs, err)
	}
	for _, p := range pools {
		err := p.waitFor(over)
		if err == errNotEnded {
			err = refusal(p.name, p.cfg, fmt.Errorf("%w: %w", err, context.Cause(patience)))
		}
		// One whose opening ended too late may be there for both reasons.
		if !slices.Contains(errs, err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// waitFor waits for the end of an opening that was given up.
func (o *opening) waitFor(over <-chan struct{}) error {
	select {
	case <-o.ended:
		return o.closing
	case <-over:
	}
	if isDone(o.ended) {
		return o.closing
	}
	return errNotEnded
}

// waitFor waits until the pool is closed. Beside many others that may begin late, and so take longer than over.
func (p *pool) waitFor(over <-chan struct{}) error {
	select {
	case <-p.ended:
		return p.err
	case <-p.late:
	}
	select {
	case <-p.ended:
		return p.err
	case <-over:
	}
	if isDone(p.ended) {
		return p.err
	}
	return errNotEnded
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

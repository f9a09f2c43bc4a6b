// Package manager keeps the databases of a program open by name. It opens each one when it is first asked for,
// once however many ask, returns the same connection from then on, and closes it when it is told to, when its
// config has changed or, where there is a limit or an idle time, when nobody uses it. Programs with several
// databases, or with one for each tenant, call it. It names no dialect, reads no file, takes no part in a query,
// installs no signal handler and never ends the program.
//
// # Handles and leases
//
// There are two ways to get a connection. They differ in how long it stays open.
//
//   - [Manager.Get] and [Manager.Named] return a handle: the shared [*conn.Conn], which is not given back. When
//     the connection is replaced or evicted, its handles work for the grace period, 30 s by default. When it is
//     closed, they take no further query, and those that are running may go on for the close timeout, 5 s by
//     default. A handle that has ended answers "sql: database is closed".
//   - [Manager.Acquire] and [Manager.AcquireNamed] return a [Lease] of the same connection. It is not evicted
//     before the lease is released, and if it is replaced, it stays open until then. [Manager.Close] and
//     [Manager.CloseAll] wait for the release, but no longer than the close timeout.
//
// Getting a handle costs little more than a map lookup. So get one for each piece of work, such as a request,
// and keep none; take a lease for work that may take longer than the grace period.
//
// # Events
//
// The bus gets the events of package conn, and [Evicted], [Starved], [Recovered] and [Held]. Listeners run, without any
// lock, on the goroutine that opens or closes, which waits for them. That also goes for the functions of
// [conn.Conn.OnClose]. One that itself opens or closes the same name would wait for itself, until its context ends
// or the close timeout is over: put it behind an [observer.Queue], or start a goroutine. One that blocks does not
// hold up Close and CloseAll for longer than that either, but they return an error then.
//
// # When a pool is exhausted
//
// A pool of which all connections are in use looks to callers like a server that does not answer. [Starved] tells them
// apart. Its usual causes are rows that are not closed and transactions that are neither committed nor rolled back, which
// cannot be seen without standing between database/sql and the driver. [WithStarveProfile] finds them in another way: rows
// and transactions have a goroutine of database/sql that waits for the end of their context, and knows who started it. So
// Users says for each where the one is now that opened it: in a loop over rows, in a call of another service, or, if
// Stack is empty, nowhere any more, which means that it forgot them. Rows and transactions whose context cannot end, such as
// [context.Background], have no such goroutine: give each query a context that can.
package manager

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// Manager keeps connections by name. All its methods may be called concurrently. It runs no goroutine while no
// connection is open. A program that is done with it calls [Manager.CloseAll].
type Manager struct {
	settings
	open   sync.Map      // name -> *pool: entry.current of each name, for those who need no lock
	clock  clock         // tells which pool was used last
	turns  turns         // of closing
	reload chan struct{} // holds one value while a Reload runs
	watch  watch         // for pools that are exhausted
	leases leases        // for those that are held for long

	mu       sync.Mutex
	names    map[string]*entry
	draining map[*pool]struct{}    // retired, and not closed yet
	canceled map[*opening]struct{} // given up, and not ended yet
	past     map[string]*Total     // of pools that are closed; nil until someone asks
	births   uint64                // numbers pools and openings in the order in which they began
	places   places                // what the limit is for
	sweeper  *time.Timer           // nil while there is nothing to look after
	closing  *closing              // nil unless CloseAll is running
	reset    bool                  // it was the default manager, and nobody would close what it opens
}

// entry is what the manager knows of a name. It exists as long as one of its fields is set.
type entry struct {
	cfg     *conn.Config // from the map of configs
	current *pool
	running *opening
	next    *opening // waits until running, which was given up, has freed the name
	err     error    // of the last opening, if that failed
	failed  time.Time
}

// fail notes that opening failed. Manager.mu is held.
func (e *entry) fail(err error) { e.err, e.failed = err, time.Now() }

// New returns a manager without connections.
func New(opts ...Option) *Manager {
	s := settings{timeout: defaultCloseTimeout, grace: defaultGrace, starveAfter: defaultStarveAfter, bus: observer.Default()}
	for _, opt := range opts {
		opt(&s)
	}
	m := &Manager{
		settings: s,
		turns:    newTurns(),
		reload:   make(chan struct{}, 1),
		names:    make(map[string]*entry),
		draining: make(map[*pool]struct{}),
		canceled: make(map[*opening]struct{}),
	}
	m.clock.advance()
	for name, cfg := range s.configs {
		m.names[name] = &entry{cfg: new(cfg.Clone())}
	}
	m.configs = nil
	return m
}

var standard atomic.Pointer[Manager]

// Default returns the manager that all parts of a program can share where one is enough. It has no options. After
// [Reset] it is another one, so call Default each time and do not keep what it returns.
func Default() *Manager {
	for {
		if m := standard.Load(); m != nil {
			return m
		}
		standard.CompareAndSwap(nil, New())
	}
}

// Reset closes all connections of the default manager; the next call of [Default] returns a new one. The one from
// before opens nothing any more: where it would have to, its methods return an error that says so.
func Reset(ctx context.Context) error {
	m := standard.Swap(nil)
	if m == nil {
		return nil
	}
	m.mu.Lock()
	m.reset = true
	m.mu.Unlock()
	return m.CloseAll(ctx)
}

// Observer returns the bus that gets the events of the manager and its connections; nil if they go nowhere.
func (m *Manager) Observer() *observer.Bus { return m.bus }

// Get returns the connection of that name, and opens it if it is not open yet. Concurrent calls share one
// opening, which goes on until the context of the last caller has ended. If it fails, all of them get the error,
// and the next call tries again. The options count only when this call opens the connection: [Manager.Named] and
// [Manager.Reload] open with those of the manager alone, also a name that Get has opened before.
//
// If the name stands for another config, the error is a [*MismatchError]. The connection is shared: do not close
// it. The package comment says how long it stays open.
func (m *Manager) Get(ctx context.Context, name string, cfg conn.Config, opts ...conn.Option) (*conn.Conn, error) {
	if p := m.lookup(name); p != nil && registry.EqualConfigs(p.cfg, &cfg) && p.share() {
		m.touch(p)
		return p.conn, nil
	}
	return m.handle(ctx, name, new(cfg.Clone()), opts)
}

// Named returns the connection of a name whose config the manager knows from [WithConfigs] or [Manager.Reload],
// and opens it as Get does if it is not open yet. It also returns one that was opened by Get or is there by
// Track. For any other name the error is an [*UnknownNameError].
func (m *Manager) Named(ctx context.Context, name string) (*conn.Conn, error) {
	if p := m.lookup(name); p != nil && p.share() {
		m.touch(p)
		return p.conn, nil
	}
	return m.handle(ctx, name, nil, nil)
}

// handle is the part of Get and Named that may have to open the connection.
func (m *Manager) handle(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option) (*conn.Conn, error) {
	p, err := m.pin(ctx, name, cfg, opts)
	if err != nil {
		return nil, err
	}
	defer m.release(p)
	p.shareLeased()
	return p.conn, nil
}

// Acquire is [Manager.Get] for a connection that must stay open until the lease is released.
func (m *Manager) Acquire(ctx context.Context, name string, cfg conn.Config, opts ...conn.Option) (*Lease, error) {
	if p := m.lookup(name); p != nil && registry.EqualConfigs(p.cfg, &cfg) && p.lease() {
		m.touch(p)
		return m.newLease(p), nil
	}
	return m.leased(ctx, name, new(cfg.Clone()), opts)
}

// AcquireNamed is [Manager.Named] for a connection that must stay open until the lease is released.
func (m *Manager) AcquireNamed(ctx context.Context, name string) (*Lease, error) {
	if p := m.lookup(name); p != nil && p.lease() {
		m.touch(p)
		return m.newLease(p), nil
	}
	return m.leased(ctx, name, nil, nil)
}

// leased is the part of Acquire and AcquireNamed that may have to open the connection.
func (m *Manager) leased(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option) (*Lease, error) {
	p, err := m.pin(ctx, name, cfg, opts)
	if err != nil {
		return nil, err
	}
	return m.newLease(p), nil
}

func (m *Manager) lookup(name string) *pool {
	if p, ok := m.open.Load(name); ok {
		return p.(*pool)
	}
	return nil
}

// Peek returns a lease of a connection that is open, and opens none; nil if none is. It does not count as a use: what is
// only looked at is still evicted for not being used, once the lease is released.
func (m *Manager) Peek(name string) *Lease {
	p := m.lookup(name)
	if p == nil || !p.lease() {
		return nil
	}
	l := m.newLease(p)
	l.quiet = true
	return l
}

// IsClosing reports whether [Manager.CloseAll] is running.
func (m *Manager) IsClosing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closing != nil
}

// Has reports whether a connection of that name is open.
func (m *Manager) Has(name string) bool { return m.lookup(name) != nil }

// Names returns the names of the open connections, sorted.
func (m *Manager) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.names)), func(name string) bool {
		return m.names[name].current == nil
	})
}

// refuses returns why nothing may be opened now; nil if it may. m.mu is held.
func (m *Manager) refuses() error {
	switch {
	case m.reset:
		return errReset
	case m.closing != nil:
		return ErrClosing
	}
	return nil
}

// entry returns the entry of a name, which it makes if there is none. m.mu is held.
func (m *Manager) entry(name string) *entry {
	e := m.names[name]
	if e == nil {
		e = new(entry)
		m.names[name] = e
	}
	return e
}

// tidy forgets a name that stands for nothing. m.mu is held.
func (m *Manager) tidy(name string, e *entry) {
	if e.cfg == nil && e.current == nil && e.running == nil && e.next == nil && m.names[name] == e {
		delete(m.names, name)
	}
}

// opening returns the opening that a new caller may wait for; nil if there is none.
func (e *entry) opening() *opening {
	if e.running != nil && !e.running.givenUp() {
		return e.running
	}
	return e.next
}

// config returns the config that the name stands for now, and why; nil if it stands for none.
func (e *entry) config() (*conn.Config, State) {
	switch o := e.opening(); {
	case e.current != nil:
		return e.current.cfg, StateOpen
	case o != nil:
		return o.cfg, StateOpening
	}
	return e.cfg, StateClosed
}

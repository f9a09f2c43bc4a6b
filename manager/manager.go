// Package manager keeps the open databases of a program by name: it opens each when it is first asked for, once
// however many ask, hands out the same one from then on, and closes them. Programs with more than one database,
// or with one per tenant, call it; a Manager counts the users of a connection, replaces one whose config has
// changed and, where it is told to, closes those that nobody uses. It names no dialect, reads no file, has no
// part in a query, and never installs a signal handler or ends the program by itself.
//
// # Handles and leases
//
// [Manager.Get] and [Manager.Named] hand out the shared connection. Whoever keeps it may find it closed later:
// after [Manager.Replace], [Manager.Reload] or an eviction it goes on working for the grace, 30 s by default,
// and then answers "sql: database is closed", as it does at once after [Manager.Close]. So get it anew for each
// piece of work, which costs next to nothing, or take a lease: [Manager.Acquire] and [Manager.AcquireNamed] give
// one that outlives replacement and eviction until it is released, and that Close waits for.
//
// # Events
//
// What happens goes to the bus: what package conn sends for opening and closing, and [Evicted]. Listeners run
// on the goroutine that opens or closes, under no lock, and that waits for them. So a listener that itself
// waits for the same name to be opened or closed waits for itself: put it behind an [observer.Queue].
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
)

// Manager keeps connections by name. All its methods may be called concurrently. It runs no goroutine while no
// connection is open, and a program that is done with it calls [Manager.CloseAll].
type Manager struct {
	settings
	ranked bool         // the order of use matters, for a limit or an idle time
	live   sync.Map     // name -> *pool: those that can be handed out without a lock
	clock  clock        // tells which pool was used last
	queued atomic.Int32 // openings that wait for room
	turns  chan struct{}
	reload chan struct{}

	mu       sync.Mutex
	names    map[string]*entry
	draining map[*pool]struct{}
	taken    int           // pools that are open or being opened, which the limit is for
	room     chan struct{} // closed when there may be room again; nil when nobody waits
	janitor  *time.Timer   // nil when there is nothing to look after
	closing  *closing      // CloseAll is running
}

// entry is what the manager knows of a name. It is there as long as one of its fields is.
type entry struct {
	cfg     *conn.Config // from the map of configs
	current *pool
	running *flight // that opens
	next    *flight // that waits for one that was given up, but has not ended
	err     error   // of the last opening that failed
}

// New returns a manager without connections.
func New(opts ...Option) *Manager {
	m := &Manager{
		settings: settings{timeout: defaultCloseTimeout, grace: defaultGrace, bus: observer.Default()},
		turns:    make(chan struct{}, closesAtOnce),
		reload:   make(chan struct{}, 1),
		names:    make(map[string]*entry),
		draining: make(map[*pool]struct{}),
	}
	for _, opt := range opts {
		opt(&m.settings)
	}
	m.clock.advance()
	m.ranked = m.limit > 0 || m.idle > 0
	for name, cfg := range m.configs {
		cfg = cfg.Clone()
		m.names[name] = &entry{cfg: &cfg}
	}
	m.configs = nil
	return m
}

var standard atomic.Pointer[Manager]

// Default returns the manager that programs with need for a single one share. It has no options.
func Default() *Manager {
	for {
		if m := standard.Load(); m != nil {
			return m
		}
		standard.CompareAndSwap(nil, New())
	}
}

// Reset closes all connections of the default manager and puts a new one in its place.
func Reset(ctx context.Context) error {
	if old := standard.Swap(nil); old != nil {
		return old.CloseAll(ctx)
	}
	return nil
}

// Get returns the connection of that name and opens it if it is not open yet. Concurrent calls share one
// opening, which goes on until the last caller's context has ended; its failure is returned to all of them,
// and the next call tries again. The options count only when this call opens the connection: [Manager.Named] and
// [Manager.Reload] open with those of [WithConnOptions] alone, also a name that Get has opened before.
//
// If the name stands for another config, the error is a [*MismatchError]. The connection is shared and not to
// be closed by its users; see the package comment on how long it lasts.
func (m *Manager) Get(ctx context.Context, name string, cfg conn.Config, opts ...conn.Option) (*conn.Conn, error) {
	if p := m.lookup(name); p != nil && p.cfg.Equal(&cfg) && p.share() {
		m.touch(p)
		return p.conn, nil
	}
	return m.get(ctx, name, cfg, opts)
}

// get is a function of its own so that Get keeps cfg off the heap.
func (m *Manager) get(ctx context.Context, name string, cfg conn.Config, opts []conn.Option) (*conn.Conn, error) {
	return m.handle(ctx, name, &cfg, opts)
}

// Named returns the connection of a name whose config the manager was given by [WithConfigs] or
// [Manager.Reload], and opens it as Get does if it is not open yet. It also returns one that was opened by Get
// or brought by Track. For any other name the error is an [*UnknownNameError].
func (m *Manager) Named(ctx context.Context, name string) (*conn.Conn, error) {
	if p := m.lookup(name); p != nil && p.share() {
		m.touch(p)
		return p.conn, nil
	}
	return m.handle(ctx, name, nil, nil)
}

// handle returns the connection without a lease. The one it has on the way keeps the pool until it is known that
// there is a handle to be given a grace.
func (m *Manager) handle(ctx context.Context, name string, cfg *conn.Config, opts []conn.Option) (*conn.Conn, error) {
	p, err := m.pin(ctx, name, cfg, opts, shared)
	if err != nil {
		return nil, err
	}
	m.release(p)
	return p.conn, nil
}

func (m *Manager) lookup(name string) *pool {
	if p, ok := m.live.Load(name); ok {
		return p.(*pool)
	}
	return nil
}

// Has reports whether a connection of that name is open.
func (m *Manager) Has(name string) bool { return m.lookup(name) != nil }

// Names returns the names of the open connections, sorted.
func (m *Manager) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(m.names)), func(name string) bool {
		return m.names[name].current == nil
	})
	return names
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

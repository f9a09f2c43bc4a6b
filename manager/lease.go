package manager

import (
	"cmp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Held says that a lease was not released within the time of [WithLeaseWarning]. It comes once for a lease.
type Held struct {
	Name    string
	Dialect string
	For     time.Duration // until now
	Stack   string        // of the call of Acquire or AcquireNamed, a function and its place in each line
}

// EventName returns "lease:hold".
func (Held) EventName() string { return "lease:hold" }

// leases are those that are not released, where there is a time after which to tell of them.
type leases struct {
	mu   sync.Mutex
	held map[*Lease]*acquired
}

type acquired struct {
	at    time.Time
	stack []uintptr
	told  bool
}

// newLease makes the lease on a pool that a caller two frames above gets.
func (m *Manager) newLease(p *pool) *Lease {
	l := &Lease{manager: m, pool: p}
	if m.holdAfter > 0 {
		a := &acquired{at: time.Now(), stack: make([]uintptr, 32)}
		a.stack = a.stack[:runtime.Callers(2, a.stack)]
		m.leases.mu.Lock()
		defer m.leases.mu.Unlock()
		if m.leases.held == nil {
			m.leases.held = make(map[*Lease]*acquired)
		}
		m.leases.held[l] = a
	}
	return l
}

// forget is called when a lease is released.
func (m *Manager) forget(l *Lease) {
	if m.holdAfter > 0 {
		m.leases.mu.Lock()
		defer m.leases.mu.Unlock()
		delete(m.leases.held, l)
	}
}

// oldestLeases returns since when each pool has its oldest lease, as far as that is known.
func (m *Manager) oldestLeases() map[*pool]time.Time {
	m.leases.mu.Lock()
	defer m.leases.mu.Unlock()
	oldest := make(map[*pool]time.Time)
	for l, a := range m.leases.held {
		if at, ok := oldest[l.pool]; !ok || a.at.Before(at) {
			oldest[l.pool] = a.at
		}
	}
	return oldest
}

// tellHeld tells of the leases that have been held for long.
func (m *Manager) tellHeld(now time.Time) {
	m.leases.mu.Lock()
	defer m.leases.mu.Unlock()
	var events []Held
	for l, a := range m.leases.held {
		if held := now.Sub(a.at); !a.told && held >= m.holdAfter {
			a.told = true
			events = append(events, Held{l.pool.name, l.pool.conn.Dialect(), held, stackOf(a.stack)})
		}
	}
	slices.SortFunc(events, func(a, b Held) int { return cmp.Or(cmp.Compare(b.For, a.For), cmp.Compare(a.Name, b.Name)) })
	for _, e := range events {
		m.watch.events.Add(e)
	}
}

// stackOf prints a stack without the frames of this package, from which every lease comes.
func stackOf(stack []uintptr) string {
	var b strings.Builder
	frames := runtime.CallersFrames(stack)
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function == "" || strings.HasPrefix(f.Function, "runtime.") || b.Len() == 0 && strings.HasPrefix(f.Function, ownFrames) {
			continue
		}
		b.WriteString(f.Function + " " + f.File + ":" + strconv.Itoa(f.Line) + "\n")
	}
	return b.String()
}

// ownFrames is what the functions of this package that make leases begin with, as stacks have them.
const ownFrames = "github.com/patchbay-go/patchbay/manager.(*Manager)."

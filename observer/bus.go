package observer

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Bus carries events from the code that emits them to the functions that listen. Its zero value is ready for use,
// and it must not be copied after first use. A nil *Bus is switched off: [Emit] sends nothing on it, and its
// listeners are never called. All functions that take a Bus may be called concurrently.
type Bus struct {
	mu        sync.Mutex                  // held to change listeners
	listeners atomic.Pointer[[]*listener] // in order of subscription, never modified; nil when there are none
}

var standard Bus

// New returns a bus without listeners.
func New() *Bus { return new(Bus) }

// Default returns the bus that conn and manager emit to unless an option names another.
func Default() *Bus { return &standard }

// Emit calls the listeners of e one after the other and returns when the last has returned; see the package
// comment. It does nothing if b is nil or e is a nil interface. If E is an interface, the type of the event is that
// of the value in it.
//
// On a bus without listeners Emit is an atomic load and does not allocate. It is generic for that: an e of type Event
// would be allocated by the caller.
func Emit[E Event](b *Bus, e E) {
	if b != nil && b.listeners.Load() != nil {
		b.deliver(e)
	}
}

func (b *Bus) deliver(e Event) {
	all := b.listeners.Load()
	if all == nil || e == nil {
		return
	}
	for _, l := range *all {
		l.call(b, e)
	}
}

// A listener is one subscription.
type listener struct {
	fn   func(Event) // takes any event and ignores those that it is not for
	once bool
	done atomic.Bool // canceled, or called if once
}

func (l *listener) call(b *Bus, e Event) {
	defer report(b, e)
	l.fn(e)
}

// begin reports whether the subscriber may be called now, and ends the subscription if it is for one call.
func (l *listener) begin(b *Bus) bool {
	if l.once {
		return l.end(b)
	}
	return !l.done.Load()
}

// end ends the subscription and reports whether it had not ended before.
func (l *listener) end(b *Bus) bool {
	if !l.done.CompareAndSwap(false, true) {
		return false
	}
	b.remove(l)
	return true
}

// add and remove store a new list: an Emit under way goes on with the one it has loaded.

func (b *Bus) add(l *listener) (cancel func()) {
	if b == nil {
		return func() {}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	all := []*listener{l}
	if old := b.listeners.Load(); old != nil {
		all = slices.Concat(*old, all)
	}
	b.listeners.Store(&all)
	return func() { l.end(b) }
}

func (b *Bus) remove(l *listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(*b.listeners.Load()), func(other *listener) bool { return other == l })
	if len(all) == 0 {
		b.listeners.Store(nil)
		return
	}
	b.listeners.Store(&all)
}

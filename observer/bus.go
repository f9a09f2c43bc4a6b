package observer

import (
	"sync"
	"sync/atomic"
)

// Bus carries events from those who [Emit] them to those who listen. Its zero value is ready for use, and it
// must not be copied. A nil *Bus is one that is switched off: nothing is sent on it and nobody hears anything.
// All functions that take a Bus may be called concurrently.
type Bus struct {
	// Whether there are listeners. Read by a function of sync/atomic, because a method of atomic.Pointer or
	// atomic.Bool would make Emit a little too large to be inlined.
	heard uint32

	mu        sync.Mutex                  // held to change listeners and heard
	listeners atomic.Pointer[[]*listener] // in order of subscription, never modified; nil when there are none
}

var standard Bus

// New returns a bus without listeners.
func New() *Bus { return new(Bus) }

// Default returns the bus that is used where a program names no other.
func Default() *Bus { return &standard }

// A listener is one subscription. Both functions call begin and contain panics, so that a program without listeners
// links no code for either.
type listener struct {
	typed any         // the func(E) of a listener of a type that is no interface, which takes events unboxed
	boxed func(Event) // takes any event and handles it if it is one for this listener
	once  bool
	done  atomic.Bool // canceled, or fired if once
}

// begin reports whether the listener may be called now, and ends it if that is its only call.
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
	b.replace(l, nil)
	return true
}

func (b *Bus) add(l *listener) (cancel func()) {
	if b == nil {
		return func() {}
	}
	b.replace(nil, l)
	return func() { l.end(b) }
}

// replace puts a copy without one listener and with another in place of the list, either of which may be nil: an
// Emit under way goes on with the list it has.
func (b *Bus) replace(old, next *listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []*listener
	if list := b.listeners.Load(); list != nil {
		for _, l := range *list {
			if l != old {
				all = append(all, l)
			}
		}
	}
	if next != nil {
		all = append(all, next)
	}
	if all == nil {
		atomic.StoreUint32(&b.heard, 0)
		b.listeners.Store(nil)
		return
	}
	b.listeners.Store(&all)
	atomic.StoreUint32(&b.heard, 1)
}

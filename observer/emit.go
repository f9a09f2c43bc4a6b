package observer

import "sync/atomic"

// Emit sends e to everyone who listens for it and returns when they have handled it; see the package comment.
// With nobody on the bus it is an atomic load, and it allocates only where a listener takes events of more
// than one type. Emit does nothing if b is nil or e is a nil interface.
//
// E may be an interface: what counts for the listeners is the type of the value in it.
func Emit[E Event](b *Bus, e E) {
	// Small enough to be inlined, so that without listeners e need not even be stored.
	if b != nil && atomic.LoadUint32(&b.heard) != 0 {
		emit(b, e)
	}
}

func emit[E Event](b *Bus, e E) {
	all := b.listeners.Load()
	if all == nil {
		return
	}
	var ev Event
	if isInterface[E]() {
		if ev = Event(e); ev == nil {
			return
		}
	}
	known := ev == nil // E is the type of the event: a listener that is typed otherwise is not for it
	for _, l := range *all {
		if fn, ok := l.typed.(func(E)); ok {
			fn(e)
			continue
		}
		if known && l.typed != nil {
			continue
		}
		if ev == nil {
			ev = e
		}
		l.boxed(ev)
	}
}

package observer

import "reflect"

// On calls fn for every event of type E until it is canceled. If E is an interface, fn gets every event that
// implements it, so On[Event] gets them all.
func On[E Event](b *Bus, fn func(E)) (cancel func()) { return on(b, fn, false) }

// Once is [On] for a single event: however many goroutines emit, fn is called for the first and never again.
// Canceled before that, it is not called at all.
func Once[E Event](b *Bus, fn func(E)) (cancel func()) { return on(b, fn, true) }

func on[E Event](b *Bus, fn func(E), once bool) (cancel func()) {
	if fn == nil {
		panic("observer: listening with a nil function")
	}
	l := &listener{once: once}
	handle := func(e E) {
		if l.begin(b) {
			call(b, fn, e)
		}
	}
	if !isInterface[E]() {
		l.typed = handle
	}
	l.boxed = func(ev Event) {
		if e, ok := ev.(E); ok {
			handle(e)
		}
	}
	return b.add(l)
}

func isInterface[E any]() bool { return reflect.TypeFor[E]().Kind() == reflect.Interface }

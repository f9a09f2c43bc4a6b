package observer

import "path"

// On calls fn for every event of type E until cancel is called. If E is an interface, fn gets every event that
// implements it, so On[Event] gets them all. On panics if fn is nil.
func On[E Event](b *Bus, fn func(E)) (cancel func()) { return on(b, fn, false) }

// Once is [On] for a single event: however many goroutines emit, fn is called for the first event and never again.
// If cancel is called before that, fn is not called at all.
func Once[E Event](b *Bus, fn func(E)) (cancel func()) { return on(b, fn, true) }

func on[E Event](b *Bus, fn func(E), once bool) (cancel func()) {
	if fn == nil {
		panic("observer: nil listener")
	}
	l := &listener{once: once}
	l.fn = func(ev Event) {
		if e, ok := ev.(E); ok && l.begin(b) {
			fn(e)
		}
	}
	return b.add(l)
}

// OnMatch calls fn for every event whose name p matches, whatever its type, until cancel is called. It panics if fn
// is nil.
func OnMatch(b *Bus, p Matcher, fn func(Event)) (cancel func()) {
	if fn == nil {
		panic("observer: nil listener")
	}
	l := new(listener)
	l.fn = func(ev Event) {
		if (p == nil || p.MatchString(ev.EventName())) && l.begin(b) {
			fn(ev)
		}
	}
	return b.add(l)
}

// Matcher selects events by name. A [*regexp.Regexp] is one, [Glob] returns one, and nil selects every event.
// MatchString is called on the goroutine of each emitter, so it must be quick and safe for concurrent use.
type Matcher interface{ MatchString(name string) bool }

// Glob returns a matcher of whole names for a pattern in the syntax of [path.Match], such as "connection:*" or
// "*:error"; * stands for any text without a slash. Like [regexp.MustCompile] it panics if the pattern is malformed.
func Glob(pattern string) Matcher {
	if _, err := path.Match(pattern, ""); err != nil {
		panic("observer: Glob(" + pattern + "): " + err.Error())
	}
	return glob(pattern)
}

type glob string

func (g glob) MatchString(name string) bool {
	ok, _ := path.Match(string(g), name) // the only error is a malformed pattern, which Glob rejects
	return ok
}

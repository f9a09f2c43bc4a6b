package observer

import "path"

// Matcher selects events by name. A [*regexp.Regexp] is one, [Glob] makes one, and nil selects every event.
// It is called by every emitter, so it must be quick and safe for concurrent use.
type Matcher interface{ MatchString(name string) bool }

// Match calls fn for every event whose name p matches, whatever its type, until it is canceled.
func Match(b *Bus, p Matcher, fn func(Event)) (cancel func()) {
	if fn == nil {
		panic("observer: listening with a nil function")
	}
	l := new(listener)
	handle := func(ev Event) {
		if (p == nil || p.MatchString(ev.EventName())) && l.begin(b) {
			fn(ev)
		}
	}
	l.boxed = func(ev Event) { call(b, handle, ev) }
	return b.add(l)
}

// Pattern is a [Matcher] made by [Glob].
type Pattern struct{ glob string }

// Glob returns a matcher for a pattern in the syntax of [path.Match], such as "connection:*" or
// "*:error"; * stands for any text without a slash. Like [regexp.MustCompile] it panics if the pattern is
// malformed.
func Glob(pattern string) Pattern {
	if _, err := path.Match(pattern, ""); err != nil {
		panic("observer: Glob(" + pattern + "): " + err.Error())
	}
	return Pattern{pattern}
}

// MatchString reports whether the whole name matches the pattern.
func (p Pattern) MatchString(name string) bool {
	ok, _ := path.Match(p.glob, name) // the only error is a malformed pattern, which Glob refuses
	return ok
}

// String returns the pattern.
func (p Pattern) String() string { return p.glob }

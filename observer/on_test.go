package observer_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"testing"

	"github.com/patchbay-go/patchbay/observer"
)

type opened struct{ Name string }

func (opened) EventName() string { return "test:open" }

type closed struct{ Name string }

func (closed) EventName() string { return "test:close" }

// renamed has the shape of opened: generic code is compiled once for both and must still tell them apart.
type renamed struct{ Name string }

func (renamed) EventName() string { return "test:rename" }

type pointed struct{ Name string }

func (*pointed) EventName() string { return "test:pointer" }

// labelled is what some events are beyond having a name.
type labelled interface {
	observer.Event
	Label() string
}

func (c closed) Label() string { return "closed " + c.Name }

func equal[T comparable](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestOnGetsTheEventsOfItsTypeOnly(t *testing.T) {
	b := observer.New()
	var opens, closes, pointers []string
	observer.On(b, func(e opened) { opens = append(opens, e.Name) })
	observer.On(b, func(e closed) { closes = append(closes, e.Name) })
	observer.On(b, func(*pointed) { pointers = append(pointers, "p") })

	observer.Emit(b, opened{"a"})
	observer.Emit(b, closed{"b"})
	observer.Emit(b, renamed{"c"})
	observer.Emit(b, &pointed{})

	equal(t, "opened", opens, "a")
	equal(t, "closed", closes, "b")
	equal(t, "*pointed", pointers, "p")
}

func TestOnAnInterfaceGetsWhatImplementsIt(t *testing.T) {
	b := observer.New()
	var all, labels []string
	observer.On(b, func(e observer.Event) { all = append(all, e.EventName()) })
	observer.On(b, func(e labelled) { labels = append(labels, e.Label()) })

	observer.Emit(b, opened{"a"})
	observer.Emit(b, closed{"b"})

	equal(t, "every event", all, "test:open", "test:close")
	equal(t, "labelled events", labels, "closed b")
}

func TestAnEventEmittedAsAnInterfaceKeepsItsType(t *testing.T) {
	b := observer.New()
	var calls []string
	observer.On(b, func(closed) { calls = append(calls, "closed") })
	observer.On(b, func(opened) { calls = append(calls, "opened") })
	observer.On(b, func(observer.Event) { calls = append(calls, "event") })
	observer.On(b, func(labelled) { calls = append(calls, "labelled") })
	observer.Once(b, func(closed) { calls = append(calls, "once") })

	observer.Emit(b, observer.Event(closed{}))
	equal(t, "emitted as Event", calls, "closed", "event", "labelled", "once")
	calls = nil
	observer.Emit(b, labelled(closed{}))
	equal(t, "emitted as labelled", calls, "closed", "event", "labelled")
}

func TestListenersAreCalledInOrderOfSubscriptionBeforeEmitReturns(t *testing.T) {
	b := observer.New()
	var calls []int // written without a lock: the race detector sees that this is one goroutine
	add := func(i int) { calls = append(calls, i) }
	observer.On(b, func(opened) { add(1) })
	observer.OnMatch(b, nil, func(observer.Event) { add(2) })
	cancel := observer.On(b, func(opened) { add(3) })
	observer.On(b, func(observer.Event) { add(4) })
	observer.Once(b, func(opened) { add(5) })
	observer.On(b, func(opened) { add(6) })

	observer.Emit(b, opened{})
	equal(t, "first", calls, 1, 2, 3, 4, 5, 6)

	calls = nil
	cancel()
	observer.On(b, func(opened) { add(7) })
	observer.Emit(b, opened{})
	equal(t, "after a change", calls, 1, 2, 4, 6, 7)
}

func TestTheZeroBusIsReady(t *testing.T) {
	var b observer.Bus
	var calls int
	observer.Emit(&b, opened{})
	observer.On(&b, func(opened) { calls++ })
	observer.Emit(&b, opened{})
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestANilBusIsSwitchedOff(t *testing.T) {
	var b *observer.Bus
	cancels := []func(){
		observer.On(b, func(opened) { t.Error("On was called") }),
		observer.Once(b, func(opened) { t.Error("Once was called") }),
		observer.OnMatch(b, nil, func(observer.Event) { t.Error("OnMatch was called") }),
	}
	observer.Emit(b, opened{})
	for _, cancel := range cancels {
		cancel()
	}
}

func TestANilEventIsNone(t *testing.T) {
	b := observer.New()
	observer.On(b, func(e observer.Event) { t.Errorf("called with %v", e) })
	observer.OnMatch(b, nil, func(e observer.Event) { t.Errorf("called with %v", e) })
	observer.Emit[observer.Event](b, nil)
	observer.Emit[labelled](b, nil)
}

func TestBusesAreSeparate(t *testing.T) {
	a, b := observer.New(), observer.New()
	observer.On(a, func(opened) { t.Error("called for another bus") })
	observer.Emit(b, opened{})
	observer.Emit(observer.Default(), opened{})
}

func TestDefaultIsAlwaysTheSame(t *testing.T) {
	var calls int
	defer observer.On(observer.Default(), func(opened) { calls++ })()
	observer.Emit(observer.Default(), opened{})
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestListeningWithANilFunctionPanicsAtOnce(t *testing.T) {
	b := observer.New()
	for name, listen := range map[string]func(){
		"On":       func() { observer.On[opened](b, nil) },
		"Once":     func() { observer.Once[opened](b, nil) },
		"OnMatch":  func() { observer.OnMatch(b, nil, nil) },
		"NewQueue": func() { observer.NewQueue[opened](1, nil) },
	} {
		if mustPanic(t, listen) == nil {
			t.Errorf("%s takes a nil function", name)
		}
	}
}

func mustPanic(t *testing.T, f func()) (value any) {
	t.Helper()
	defer func() { value = recover() }()
	f()
	return nil
}

func TestOnMatchGoesByName(t *testing.T) {
	for _, c := range []struct {
		name string
		p    observer.Matcher
		want []string
	}{
		{"glob", observer.Glob("*:close"), []string{"test:close"}},
		{"glob without a star", observer.Glob("test"), nil},
		{"glob of everything", observer.Glob("*"), []string{"test:open", "test:close", "error"}},
		{"regexp", regexp.MustCompile(`^test:(open|rename)$`), []string{"test:open"}},
		{"nil", nil, []string{"test:open", "test:close", "error"}},
	} {
		b := observer.New()
		var got []string
		cancel := observer.OnMatch(b, c.p, func(e observer.Event) { got = append(got, e.EventName()) })
		observer.Emit(b, opened{})
		observer.Emit(b, observer.Event(closed{}))
		observer.Emit(b, observer.Error{})
		cancel()
		observer.Emit(b, opened{})
		equal(t, c.name, got, c.want...)
	}
}

func TestGlobPanicsOnAMalformedPattern(t *testing.T) {
	for _, pattern := range []string{"[", "a[", "connection:[", "*[", `\`, "[]a]", "[a-]", "x*[-"} {
		if mustPanic(t, func() { observer.Glob(pattern) }) == nil {
			t.Errorf("Glob(%q) does not panic", pattern)
		}
	}
}

// What Glob accepts must be well-formed to the end, whatever it is matched with: MatchString has no way to fail.
func FuzzGlob(f *testing.F) {
	for _, seed := range []string{"connection:*", "*:error", "[a-c]?", "*[", "a*b*[c", `a\`, "[^x]y[", ""} {
		f.Add(seed, "connection:error")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		var p observer.Matcher
		if mustPanic(t, func() { p = observer.Glob(pattern) }) != nil {
			return
		}
		if got := fmt.Sprint(p); got != pattern {
			t.Errorf("Glob(%q) prints as %q", pattern, got)
		}
		if got, want := p.MatchString(name), pathMatch(t, pattern, name); got != want {
			t.Errorf("Glob(%q).MatchString(%q) = %t, want %t", pattern, name, got, want)
		}
	})
}

func pathMatch(t *testing.T, pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	if err != nil {
		t.Errorf("Glob(%q) accepts a malformed pattern: %v", pattern, err)
	}
	return ok
}

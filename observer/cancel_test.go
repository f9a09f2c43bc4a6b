package observer_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/patchbay-go/patchbay/observer"
)

func TestCancelEndsASubscriptionAndMayBeRepeated(t *testing.T) {
	b := observer.New()
	var calls []string
	first := observer.On(b, func(opened) { calls = append(calls, "first") })
	observer.On(b, func(opened) { calls = append(calls, "second") })
	third := observer.OnMatch(b, nil, func(observer.Event) { calls = append(calls, "third") })

	observer.Emit(b, opened{})
	first()
	first()
	observer.Emit(b, opened{})
	third()
	observer.Emit(b, opened{})
	equal(t, "calls", calls, "first", "second", "third", "second", "third", "second")
}

func TestAListenerMayCancelItself(t *testing.T) {
	b := observer.New()
	var calls int
	var cancel func()
	cancel = observer.On(b, func(opened) { calls++; cancel() })
	observer.Emit(b, opened{})
	observer.Emit(b, opened{})
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestAListenerMayCancelTheNext(t *testing.T) {
	for name, listen := range map[string]func(*observer.Bus, func()) func(){
		"On":       func(b *observer.Bus, fn func()) func() { return observer.On(b, func(opened) { fn() }) },
		"On Event": func(b *observer.Bus, fn func()) func() { return observer.On(b, func(observer.Event) { fn() }) },
		"Once":     func(b *observer.Bus, fn func()) func() { return observer.Once(b, func(opened) { fn() }) },
		"OnMatch": func(b *observer.Bus, fn func()) func() {
			return observer.OnMatch(b, nil, func(observer.Event) { fn() })
		},
	} {
		b := observer.New()
		var cancel func()
		observer.On(b, func(opened) { cancel() })
		cancel = listen(b, func() { t.Errorf("%s: called after its cancel returned", name) })
		observer.Emit(b, opened{})
	}
}

type matcherFunc func(string) bool

func (f matcherFunc) MatchString(name string) bool { return f(name) }

func TestAMatcherMayCancelItsListener(t *testing.T) {
	b := observer.New()
	var cancel func()
	cancel = observer.OnMatch(b, matcherFunc(func(string) bool { cancel(); return true }), func(observer.Event) {
		t.Error("called after its cancel returned")
	})
	observer.Emit(b, opened{})
}

func TestWhatAListenerSubscribesGetsTheNextEvent(t *testing.T) {
	b := observer.New()
	var late []string
	observer.Once(b, func(opened) {
		observer.On(b, func(e opened) { late = append(late, e.Name) })
	})
	observer.Emit(b, opened{"a"})
	observer.Emit(b, opened{"b"})
	equal(t, "late listener", late, "b")
}

func TestAListenerMayEmit(t *testing.T) {
	b := observer.New()
	var calls []string
	observer.On(b, func(e opened) {
		calls = append(calls, "open")
		observer.Emit(b, closed(e))
	})
	observer.On(b, func(closed) { calls = append(calls, "close") })
	observer.On(b, func(opened) { calls = append(calls, "open again") })
	observer.Emit(b, opened{})
	equal(t, "calls", calls, "open", "close", "open again")
}

func TestCancelDoesNotWaitForACallUnderWay(t *testing.T) {
	b := observer.New()
	started, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	cancel := observer.On(b, func(opened) {
		close(started)
		<-release
	})
	go func() {
		defer close(done)
		observer.Emit(b, opened{})
	}()
	<-started
	cancel() // would hang here
	observer.Emit(b, opened{})
	close(release)
	<-done
}

func TestOnceFiresOnce(t *testing.T) {
	b := observer.New()
	var typed, boxed, recursive int
	observer.Once(b, func(opened) { typed++ })
	observer.Once(b, func(observer.Event) { boxed++ })
	observer.Once(b, func(opened) { recursive++; observer.Emit(b, opened{}) })
	canceled := observer.Once(b, func(opened) { t.Error("called although canceled") })
	canceled()

	for range 3 {
		observer.Emit(b, opened{})
	}
	if typed != 1 || boxed != 1 || recursive != 1 {
		t.Errorf("called %d, %d, %d times, want once each", typed, boxed, recursive)
	}
}

func TestOnceWaitsForAnEventOfItsType(t *testing.T) {
	b := observer.New()
	var got []string
	observer.Once(b, func(e labelled) { got = append(got, e.Label()) })
	observer.Emit(b, opened{"a"})
	observer.Emit(b, closed{"b"})
	observer.Emit(b, closed{"c"})
	equal(t, "labels", got, "closed b")
}

func TestOnceFiresExactlyOnceHoweverManyEmit(t *testing.T) {
	for round := range 200 {
		b := observer.New()
		var typed, boxed, either atomic.Int32
		observer.Once(b, func(opened) { typed.Add(1) })
		observer.Once(b, func(observer.Event) { boxed.Add(1) })
		cancel := observer.Once(b, func(opened) { either.Add(1) })
		var atCancel int32

		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { observer.Emit(b, opened{}) })
		}
		wg.Go(func() { cancel(); atCancel = either.Load() })
		wg.Wait()
		observer.Emit(b, opened{})

		if typed.Load() != 1 || boxed.Load() != 1 {
			t.Fatalf("round %d: called %d and %d times, want once each", round, typed.Load(), boxed.Load())
		}
		if either.Load() > 1 || either.Load() < atCancel {
			t.Fatalf("round %d: called %d times with a cancel under way", round, either.Load())
		}
	}
}

package observer_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/patchbay-go/patchbay/observer"
)

// backlog is the number that the documentation of Events gives.
const backlog = 1024

// collect consumes events in a goroutine until ctx ends, and calls each, if given, on each of them.
func collect(ctx context.Context, b *observer.Bus, p observer.Matcher, each func(observer.Event)) (got func() []string) {
	var names []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range observer.Events(ctx, b, p) {
			names = append(names, fmt.Sprintf("%s %v", e.EventName(), e))
			if each != nil {
				each(e)
			}
		}
	}()
	return func() []string { <-done; return names }
}

func TestEventsEndWithTheContextAndLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
		b := observer.New()
		ctx, cancel := context.WithCancel(t.Context())
		got := collect(ctx, b, observer.Glob("test:*"), nil)
		synctest.Wait()
		observer.Emit(b, opened{"a"})
		observer.Emit(b, observer.Error{Source: "not matched"})
		observer.Emit(b, closed{"b"})
		synctest.Wait()
		cancel()
		equal(t, "events", got(), "test:open {a}", "test:close {b}")
		if testing.AllocsPerRun(10, func() { observer.Emit(b, opened{"late"}) }) != 0 {
			t.Error("the subscription is left: Emit still makes an Event for it")
		}
	})
}

func TestEventsYieldNothingOnceTheContextHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := observer.New()
		ctx, cancel := context.WithCancel(t.Context())
		got := collect(ctx, b, nil, func(observer.Event) {
			observer.Emit(b, closed{"waiting when the context ends"})
			cancel()
		})
		synctest.Wait()
		observer.Emit(b, opened{"a"})
		equal(t, "events", got(), "test:open {a}")
		for e := range observer.Events(ctx, b, nil) {
			t.Errorf("yielded %v with a context that had ended", e)
		}
	})
}

func TestEventsCanBeLeftAndTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := observer.New()
		seq := observer.Events(t.Context(), b, nil)
		for _, name := range []string{"a", "b"} {
			go func() {
				synctest.Wait()
				observer.Emit(b, opened{name})
				observer.Emit(b, opened{"left behind"})
			}()
			for e := range seq {
				equal(t, "event", []observer.Event{e}, observer.Event(opened{name}))
				synctest.Wait() // both have been emitted
				break
			}
		}
	})
}

func TestEventsSayWhatWasDroppedAndWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := observer.New()
		ctx, cancel := context.WithCancel(t.Context())
		resume := make(chan struct{})
		got := collect(ctx, b, nil, func(observer.Event) { <-resume })
		synctest.Wait()

		emit := func(from, n int) {
			for i := range n {
				observer.Emit(b, opened{fmt.Sprint(from + i)})
			}
		}
		const first = backlog + 1 // one is taken at once
		emit(0, 1)
		synctest.Wait()
		emit(1, first-1+5) // 5 do not fit
		resume <- struct{}{}
		synctest.Wait()
		emit(first+5, 1+2) // the place of the one that was taken, and 2 that do not fit
		close(resume)
		synctest.Wait()
		cancel()

		want := make([]string, 0, first+3)
		for i := range first {
			want = append(want, fmt.Sprintf("test:open {%d}", i))
		}
		want = append(want, "observer:drop {5}", fmt.Sprintf("test:open {%d}", first+5), "observer:drop {2}")
		equal(t, "events", got(), want...)
	})
}

func TestEventsLoseNothingTheyDoNotCount(t *testing.T) {
	const emitters, each = 4, 2 * backlog
	synctest.Test(t, func(t *testing.T) {
		b := observer.New()
		ctx, cancel := context.WithCancel(t.Context())
		var yielded, dropped uint64
		got := collect(ctx, b, nil, func(e observer.Event) {
			if e, ok := e.(observer.Dropped); ok {
				dropped += e.Count
			} else {
				yielded++
			}
		})
		synctest.Wait()
		for range emitters {
			go func() {
				for range each {
					observer.Emit(b, opened{})
				}
			}()
		}
		synctest.Wait()
		cancel()
		got()
		if yielded+dropped != emitters*each {
			t.Errorf("%d yielded and %d dropped of %d", yielded, dropped, emitters*each)
		}
	})
}

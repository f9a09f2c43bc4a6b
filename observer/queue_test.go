package observer_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/observer"
)

func TestAQueueHandlesEventsInOrderOffTheEmittersGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := observer.New()
		var got []string
		q := observer.NewQueue(10, func(e opened) {
			time.Sleep(time.Minute)
			got = append(got, e.Name)
		})
		observer.On(b, q.Put)

		start := time.Now()
		for _, name := range []string{"a", "b", "c"} {
			observer.Emit(b, opened{name})
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("Emit waited %v for the queue", waited)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 3*time.Minute {
			t.Errorf("Close returned after %v, want 3m", took)
		}
		equal(t, "handled", got, "a", "b", "c")
		if q.Dropped() != 0 {
			t.Errorf("%d dropped, want none", q.Dropped())
		}
	})
}

func TestAQueueServesEveryFormOfListening(t *testing.T) {
	b := observer.New()
	var got []string
	q := observer.NewQueue(10, func(e observer.Event) { got = append(got, e.EventName()) })
	observer.Once(b, q.Put)
	observer.OnMatch(b, observer.Glob("*:close"), q.Put)
	observer.Emit(b, opened{})
	observer.Emit(b, closed{})
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	equal(t, "handled", got, "test:open", "test:close")
}

func TestAFullQueueDropsAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var got []string
		q := observer.NewQueue(2, func(e opened) {
			<-release
			got = append(got, e.Name)
		})
		q.Put(opened{"handled at once"})
		synctest.Wait()
		for _, name := range []string{"waiting", "waiting too", "one too many", "and another"} {
			q.Put(opened{name})
		}
		if q.Dropped() != 2 {
			t.Errorf("%d dropped, want 2", q.Dropped())
		}
		close(release)
		synctest.Wait()
		q.Put(opened{"there is room again"})
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		equal(t, "handled", got, "handled at once", "waiting", "waiting too", "there is room again")
		q.Put(opened{"closed"})
		if q.Dropped() != 3 {
			t.Errorf("%d dropped after one was put into a closed queue, want 3", q.Dropped())
		}
	})
}

func TestAQueueThatIsIdleHasNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
		q := observer.NewQueue(1, func(opened) {})
		q.Put(opened{})
	})
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var handled int
		q := observer.NewQueue(5, func(opened) { <-release; handled++ })
		for range 4 {
			q.Put(opened{})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := q.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		if want := "close event queue: listener still busy, 3 waiting events dropped: context deadline exceeded"; err.Error() != want {
			t.Errorf("Close: %q, want %q", err, want)
		}
		if q.Dropped() != 3 {
			t.Errorf("%d dropped, want 3", q.Dropped())
		}
		close(release)
		if err := q.Close(t.Context()); err != nil {
			t.Errorf("closed again when the listener had returned: %v", err)
		}
		if handled != 1 {
			t.Errorf("%d handled, want the one under way", handled)
		}
	})
}

func TestClosingAnIdleQueueIgnoresTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := observer.NewQueue(1, func(opened) {}).Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestAQueueLosesNothingItDoesNotCount(t *testing.T) {
	const putters, each = 8, 500
	var handled uint64
	last := make([]int, putters)
	type numbered struct {
		opened
		putter, n int
	}
	q := observer.NewQueue(16, func(e numbered) {
		handled++
		if e.n <= last[e.putter] {
			t.Errorf("putter %d: %d after %d", e.putter, e.n, last[e.putter])
		}
		last[e.putter] = e.n
	})
	var wg sync.WaitGroup
	for putter := range putters {
		wg.Go(func() {
			for n := range each {
				q.Put(numbered{putter: putter, n: n + 1})
				if n%10 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	closing := make(chan error)
	go func() { closing <- q.Close(t.Context()) }() // some are put before, some after
	wg.Wait()
	if err := <-closing; err != nil {
		t.Error(err)
	}
	if handled+q.Dropped() != putters*each {
		t.Errorf("%d handled and %d dropped of %d", handled, q.Dropped(), putters*each)
	}
}

func TestAPanicInAQueueIsReportedAndTheQueueGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := observer.New()
		var errs []observer.Error
		observer.On(b, func(e observer.Error) { errs = append(errs, e) })
		var handled []string
		q := observer.NewQueue(10, func(e observer.Event) {
			handled = append(handled, e.EventName())
			panic("queued")
		})
		q.Report(b)
		observer.On(b, q.Put) // and so its own reports, which must not go round for ever

		observer.Emit(b, opened{})
		synctest.Wait()
		observer.Emit(b, closed{})
		synctest.Wait()

		equal(t, "handled", handled, "test:open", "error", "test:close", "error")
		if len(errs) != 2 {
			t.Errorf("%d reports, want 2", len(errs))
		}
		for _, e := range errs {
			if p, ok := errors.AsType[*observer.PanicError](e.Err); !ok || e.Source != "observer" || p.Value != "queued" {
				t.Errorf("got %#v", e)
			}
		}
	})
}

func TestAPanicInAQueueIsReportedOnTheDefaultBus(t *testing.T) {
	var errs []error
	defer observer.On(observer.Default(), func(e observer.Error) { errs = append(errs, e.Err) })()
	q := observer.NewQueue(1, func(opened) { panic("queued") })
	q.Put(opened{})
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if len(errs) != 1 {
		t.Errorf("reports %v, want one", errs)
	}
}

func TestGoexitInAQueueDoesNotStopIt(t *testing.T) {
	var got []string
	q := observer.NewQueue(10, func(e opened) {
		got = append(got, e.Name)
		runtime.Goexit()
	})
	q.Put(opened{"a"})
	q.Put(opened{"b"})
	if err := q.Close(t.Context()); err != nil {
		t.Error(err)
	}
	equal(t, "handled", got, "a", "b")
}

func TestAQueueWithoutRoomPanics(t *testing.T) {
	for _, n := range []int{0, -1} {
		if mustPanic(t, func() { observer.NewQueue(n, func(opened) {}) }) == nil {
			t.Errorf("NewQueue(%d) does not panic", n)
		}
	}
}

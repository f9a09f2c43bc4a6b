package inorder_test

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/internal/inorder"
	"github.com/patchbay-go/patchbay/observer"
)

type numbered int

func (numbered) EventName() string { return "test:numbered" }

func TestEventsAreInTheirOrderFromWhateverGoroutine(t *testing.T) {
	var q inorder.Events
	var mu sync.Mutex
	added := 0
	b := observer.New()
	var got []numbered
	observer.On(b, func(n numbered) { got = append(got, n) })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				mu.Lock()
				q.Add(numbered(added))
				added++
				mu.Unlock()
				q.Send(b)
			}
		})
	}
	wg.Wait()
	if len(got) != 1600 || !slices.IsSorted(got) {
		t.Errorf("%d events, in order: %v", len(got), slices.IsSorted(got))
	}
}

func TestAnEndedGoroutineHoldsNothingUp(t *testing.T) {
	var q inorder.Events
	b := observer.New()
	var got []numbered
	observer.On(b, func(n numbered) {
		if got = append(got, n); n == 1 {
			runtime.Goexit()
		}
	})
	q.Add(numbered(1))
	q.Add(numbered(2))
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.Send(b)
	}()
	<-done
	q.Send(b)
	if !slices.Equal(got, []numbered{1, 2}) {
		t.Errorf("%v", got)
	}
}

func TestAListenerMayAddAndSend(t *testing.T) {
	var q inorder.Events
	b := observer.New()
	var got []numbered
	observer.On(b, func(n numbered) {
		if n == 1 {
			q.Add(numbered(2))
			q.Send(b) // returns at once
		}
		got = append(got, n)
	})
	q.Add(numbered(1))
	q.Send(b)
	if !slices.Equal(got, []numbered{1, 2}) {
		t.Errorf("%v", got)
	}
}

package inorder_test

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/internal/inorder"
)

func TestCallsAreInTheirOrderFromWhateverGoroutine(t *testing.T) {
	var c inorder.Calls
	var mu sync.Mutex
	added := 0
	var called []int
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				mu.Lock()
				n := added
				added++
				c.Add(func() { called = append(called, n) })
				mu.Unlock()
				c.Run()
			}
		})
	}
	wg.Wait()
	if len(called) != 1600 || !slices.IsSorted(called) {
		t.Errorf("%d calls, in order: %v", len(called), slices.IsSorted(called))
	}
}

func TestAnEndedGoroutineHoldsNothingUp(t *testing.T) {
	var c inorder.Calls
	var called []string
	c.Add(func() { called = append(called, "first"); runtime.Goexit() })
	c.Add(func() { called = append(called, "second") })
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run()
	}()
	<-done
	c.Run()
	if !slices.Equal(called, []string{"first", "second"}) {
		t.Errorf("%v", called)
	}
}

func TestACallMayAddAndRun(t *testing.T) {
	var c inorder.Calls
	var called []string
	c.Add(func() {
		c.Add(func() { called = append(called, "second") })
		c.Run() // returns at once
		called = append(called, "first")
	})
	c.Run()
	if !slices.Equal(called, []string{"first", "second"}) {
		t.Errorf("%v", called)
	}
}

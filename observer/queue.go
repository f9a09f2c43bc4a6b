package observer

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// Queue lets a slow function listen without slowing the emitters down. Its method Put is the listener to pass
// to [On], [Once] or [OnMatch], for any number of buses:
//
//	q := observer.NewQueue(100, send)
//	cancel := observer.On(bus, q.Put)
//	...
//	cancel()
//	err := q.Close(ctx)
//
// All methods may be called concurrently.
type Queue[E Event] struct {
	fn  func(E)
	bus atomic.Pointer[Bus]

	mu      sync.Mutex
	events  chan E        // sent to and received from with mu held, so that neither ever blocks
	idle    chan struct{} // closed when the goroutine that calls fn ends; nil when there is none
	closed  bool
	dropped uint64
}

// NewQueue returns a queue that holds up to n events and calls fn with one after the other, in the order in which
// they were put, on a goroutine that exists only while there are events. An event that finds the queue full is
// dropped and counted. NewQueue panics if fn is nil or n is less than 1.
//
// A panic of fn becomes an [Error] event on the [Default] bus, or on the one set by Report.
func NewQueue[E Event](n int, fn func(E)) *Queue[E] {
	if fn == nil {
		panic("observer: nil listener")
	}
	if n < 1 {
		panic(fmt.Sprintf("observer: queue size %d is less than 1", n))
	}
	q := &Queue[E]{fn: fn, events: make(chan E, n)}
	q.bus.Store(Default())
	return q
}

// Report sets the bus on which panics of the queue's function are reported; nil reports them nowhere.
func (q *Queue[E]) Report(b *Bus) { q.bus.Store(b) }

// Put queues e, or drops it if the queue is full or closed. It never waits for the function.
func (q *Queue[E]) Put(e E) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.events) == cap(q.events) {
		q.dropped++
		return
	}
	q.events <- e
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.run()
	}
}

// Dropped returns how many of the events put so far were dropped; all others were handled, are being handled, or wait.
func (q *Queue[E]) Dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Close drops events that are put from now on, and returns when the function has handled those that were put before
// and its goroutine has ended. If ctx ends first, the events still waiting are dropped and Close returns an error
// with their number; a call of the function that is under way goes on. Closing again waits again. The
// function itself must not call Close, which would wait for its own return.
func (q *Queue[E]) Close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	idle := q.idle
	q.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.idle == nil {
		return nil
	}
	waiting := len(q.events)
	for range waiting {
		<-q.events
	}
	q.dropped += uint64(waiting)
	return fmt.Errorf("close event queue: listener still busy, %d waiting events dropped: %w", waiting, context.Cause(ctx))
}

// run calls fn until nothing is waiting.
func (q *Queue[E]) run() {
	done := false
	defer func() {
		if !done { // fn ended the goroutine with runtime.Goexit
			go q.run()
		}
	}()
	for e, ok := q.next(); ok; e, ok = q.next() {
		q.call(e)
	}
	done = true
}

// next takes the next event. Without one it marks the goroutine as ended under the same lock, so that the event of
// a Put is either seen here or starts another goroutine.
func (q *Queue[E]) next() (e E, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == 0 {
		close(q.idle)
		q.idle = nil
		return e, false
	}
	return <-q.events, true
}

func (q *Queue[E]) call(e E) {
	defer report(q.bus.Load(), e)
	q.fn(e)
}

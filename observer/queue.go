package observer

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// Queued lets a slow function listen without slowing the emitters down. Its method Put is the listener to hand
// to [On], [Once] or [OnMatch], of as many buses as one likes:
//
//	q := observer.Queue(100, send)
//	cancel := observer.On(bus, q.Put)
//	...
//	cancel()
//	err := q.Close(ctx)
//
// All methods may be called concurrently.
type Queued[E Event] struct {
	fn  func(E)
	bus atomic.Pointer[Bus]

	mu      sync.Mutex
	events  chan E        // sent to and received from with mu held, so that neither ever blocks
	idle    chan struct{} // closed when the goroutine that calls fn ends; nil when there is none
	closed  bool
	dropped uint64
}

// Queue returns a queue that holds up to n events and calls fn with one after the other, in the order in which
// they were put, on a goroutine that exists only while there are any. An event that finds the queue full is
// dropped and counted. Queue panics if n is less than 1.
//
// A panic of fn becomes an [Error] event on the [Default] bus, or the one that Report names.
func Queue[E Event](n int, fn func(E)) *Queued[E] {
	if fn == nil {
		panic("observer: listening with a nil function")
	}
	if n < 1 {
		panic(fmt.Sprintf("observer: a queue of %d events: give it room for at least 1", n))
	}
	q := &Queued[E]{fn: fn, events: make(chan E, n)}
	return q.Report(Default())
}

// Report names the bus that panics of the queue's function are reported on, and returns the queue.
func (q *Queued[E]) Report(b *Bus) *Queued[E] {
	q.bus.Store(b)
	return q
}

// Put queues e, or drops it if the queue is full or closed. It never waits for the function.
func (q *Queued[E]) Put(e E) {
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

// Dropped returns how many of the events put so far were dropped; all others are handled or waiting.
func (q *Queued[E]) Dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Close drops what is put from now on, and returns when the function has handled what was put before and its
// goroutine has ended. If ctx ends first, what is still waiting is dropped and Close returns an error that
// tells how much that was; a call of the function that is under way goes on. Closing again waits again. The
// function itself must not call Close, which would wait for its own return.
func (q *Queued[E]) Close(ctx context.Context) error {
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
func (q *Queued[E]) run() {
	left := true
	defer func() {
		if left { // fn ended the goroutine with runtime.Goexit
			go q.run()
		}
	}()
	for e, ok := q.next(); ok; e, ok = q.next() {
		q.call(e)
	}
	left = false
}

// next takes the next event. Without one it declares the goroutine ended, in the same breath, so that a Put
// either is seen here or starts another.
func (q *Queued[E]) next() (e E, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case e = <-q.events:
		return e, true
	default:
		close(q.idle)
		q.idle = nil
		return e, false
	}
}

func (q *Queued[E]) call(e E) {
	defer report(q.bus.Load(), e)
	q.fn(e)
}

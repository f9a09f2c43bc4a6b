// Package inorder sends events in the order in which they were added, without a lock and without a goroutine of its
// own: for events whose order is known under a lock under which they must not be sent.
package inorder

import (
	"sync"

	"github.com/patchbay-go/patchbay/observer"
)

// Events are events that wait to be sent. The zero value is ready for use.
type Events struct {
	mu      sync.Mutex
	waiting []observer.Event
	running bool
}

// Add puts e behind those that wait.
func (q *Events) Add(e observer.Event) {
	q.mu.Lock()
	q.waiting = append(q.waiting, e)
	q.mu.Unlock()
}

// Send sends what waits, one after the other, and returns when nothing does, or at once if another goroutine is at it.
func (q *Events) Send(b *observer.Bus) {
	for e := q.next(); e != nil; e = q.next() {
		q.send(b, e)
	}
}

func (q *Events) next() (e observer.Event) {
	q.mu.Lock()
	if !q.running && len(q.waiting) > 0 {
		e, q.waiting = q.waiting[0], q.waiting[1:]
		q.running = true
	}
	q.mu.Unlock()
	return e
}

func (q *Events) send(b *observer.Bus, e observer.Event) {
	defer func() { // also if a listener ends the goroutine
		q.mu.Lock()
		q.running = false
		q.mu.Unlock()
	}()
	observer.Emit(b, e)
}

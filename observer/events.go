package observer

import (
	"context"
	"iter"
	"sync"
)

// backlog is how many events wait for the consumer of a sequence before further ones are dropped.
const backlog = 1024

// Dropped says that a consumer of [Events] was too slow and missed Count events at this place in the sequence.
type Dropped struct{ Count uint64 }

// EventName returns "observer:drop".
func (Dropped) EventName() string { return "observer:drop" }

// Events returns the events whose name p matches, to be consumed in a range loop on the consumer's own goroutine, at
// its own pace. The sequence ends when ctx does; events that the loop has not taken by then are discarded.
//
// Listening begins with the loop and ends with it; a sequence that is used again listens again. Emitters never
// wait for the loop: while 1024 events wait for it, further ones are dropped, and in their place the loop gets a
// [Dropped] with their number, even if p does not match its name.
func Events(ctx context.Context, b *Bus, p Matcher) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		w := window{entries: make(chan entry, backlog)}
		defer OnMatch(b, p, w.put)()
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case en := <-w.entries:
				if en.missed > 0 && !yield(Dropped{en.missed}) || !yield(en.event) {
					return
				}
				if missed := w.missedLast(); missed > 0 && !yield(Dropped{missed}) {
					return
				}
			}
		}
	}
}

// A window holds the events that the consumer has not taken yet.
type window struct {
	mu      sync.Mutex
	entries chan entry // sent to with mu held
	missed  uint64     // after the last entry
}

type entry struct {
	missed uint64 // before event
	event  Event
}

func (w *window) put(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.entries <- entry{w.missed, e}:
		w.missed = 0
	default:
		w.missed++
	}
}

// missedLast returns the number of events missed after the last entry, and resets it. While entries wait it returns
// 0. Events are missed only while entries wait, so it is enough to call it after each of them.
func (w *window) missedLast() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.entries) > 0 {
		return 0
	}
	missed := w.missed
	w.missed = 0
	return missed
}

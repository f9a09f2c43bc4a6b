package observer

import (
	"context"
	"iter"
	"sync"
)

// EventsBuffer is how many events a sequence of [Events] holds for a consumer that is busy with another.
const EventsBuffer = 1024

// Events returns the events whose name p matches, to be consumed in a range loop on the consumer's own
// goroutine, at its own pace. The sequence ends when ctx does, without what the consumer has not taken by then.
//
// Listening begins with the loop and ends with it; a sequence that is used again listens again. Emitters never
// wait for the loop: while [EventsBuffer] events wait for it, further ones are dropped, and the loop gets a
// [Dropped] in their place that says how many they were, whether p matches its name or not.
func Events(ctx context.Context, b *Bus, p Matcher) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		w := window{entries: make(chan entry, EventsBuffer)}
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

// A window is the part of the events that the consumer has yet to take.
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

// missedLast takes the number of events missed after the last entry, once the consumer has got to there.
// Events are only missed while entries wait, so it is enough to ask after each of them.
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

package drivertest

import (
	"sync"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
)

// journal keeps the events of one bus, and searches each of them for secrets.
type journal struct {
	bus *observer.Bus

	mu     sync.Mutex
	events []observer.Event
}

func (c check) journal() *journal {
	j := &journal{bus: observer.New()}
	observer.On(j.bus, func(e observer.Event) {
		c.see(e)
		j.mu.Lock()
		defer j.mu.Unlock()
		j.events = append(j.events, e)
	})
	return j
}

// those returns the events of one type.
func those[E observer.Event](j *journal) []E {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []E
	for _, e := range j.events {
		if e, ok := e.(E); ok {
			found = append(found, e)
		}
	}
	return found
}

// names returns what happened to the pool, in order. How many connections it dialled for that is its own business.
func (j *journal) names() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var names []string
	for _, e := range j.events {
		if _, dialed := e.(conn.Dialed); !dialed {
			names = append(names, e.EventName())
		}
	}
	return names
}

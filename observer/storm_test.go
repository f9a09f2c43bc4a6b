package observer_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/patchbay-go/patchbay/observer"
)

// The storm: goroutines subscribe, cancel and emit at random on one bus. A clock that all of them advance says
// afterwards what was certain to be before what, and so which calls had to be and which must not have been.

type clock struct{ now atomic.Int64 }

func (c *clock) tick() int64 { return c.now.Add(1) }

// span is when something began and when it was over.
type span struct{ begin, end int64 }

func (s span) before(other span) bool { return s.end != 0 && s.end < other.begin }

// subscription is one listener of the storm.
type subscription struct {
	owner, n   int
	once       bool
	subscribed span
	canceled   span // zero: never
	fired      atomic.Int64
}

// stormy is an event that collects who was called. That is done without a lock, so that the race detector
// proves what is promised: every call is on the emitter's goroutine.
type stormy struct {
	calls *[]*subscription
}

func (stormy) EventName() string { return "test:storm" }

type emission struct {
	span
	calls []*subscription
}

const (
	stormers = 6
	steps    = 400
)

// stormer is one goroutine of the storm.
type stormer struct {
	id        int
	bus       *observer.Bus
	clock     *clock
	rand      *rand.Rand
	all, open []*subscription
	cancels   map[*subscription]func()
	emissions []*emission
}

func (s *stormer) run() {
	for range steps {
		switch s.rand.IntN(4) {
		case 0:
			s.subscribe()
		case 1:
			s.cancel()
		default:
			s.emit()
		}
	}
}

func (s *stormer) subscribe() {
	sub := &subscription{owner: s.id, n: len(s.all)}
	called := func(e stormy) {
		sub.fired.Add(1)
		*e.calls = append(*e.calls, sub)
	}
	calledAny := func(e observer.Event) { called(e.(stormy)) }
	sub.subscribed.begin = s.clock.tick()
	switch s.rand.IntN(6) {
	case 0:
		sub.once = true
		s.cancels[sub] = observer.Once(s.bus, called)
	case 1:
		sub.once = true
		s.cancels[sub] = observer.Once(s.bus, calledAny)
	case 2:
		s.cancels[sub] = observer.On(s.bus, calledAny)
	case 3:
		s.cancels[sub] = observer.OnMatch(s.bus, observer.Glob("test:*"), calledAny)
	default:
		s.cancels[sub] = observer.On(s.bus, called)
	}
	sub.subscribed.end = s.clock.tick()
	s.all, s.open = append(s.all, sub), append(s.open, sub)
}

func (s *stormer) cancel() {
	if len(s.open) == 0 {
		return
	}
	i := s.rand.IntN(len(s.open))
	sub := s.open[i]
	s.open = slices.Delete(s.open, i, i+1)
	sub.canceled.begin = s.clock.tick()
	s.cancels[sub]()
	sub.canceled.end = s.clock.tick()
}

func (s *stormer) emit() {
	em := new(emission)
	em.begin = s.clock.tick()
	if s.rand.IntN(2) == 0 {
		observer.Emit(s.bus, stormy{&em.calls})
	} else {
		observer.Emit[observer.Event](s.bus, stormy{&em.calls})
	}
	em.end = s.clock.tick()
	s.emissions = append(s.emissions, em)
}

func TestStorm(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	bus, clock := observer.New(), new(clock)
	observer.On(bus, func(e observer.Error) { t.Error(e.Err) })
	all := make([]*stormer, stormers)
	var wg sync.WaitGroup
	for i := range all {
		s := &stormer{
			id: i, bus: bus, clock: clock, rand: rand.New(rand.NewPCG(seed, uint64(i))),
			cancels: make(map[*subscription]func()),
		}
		all[i] = s
		wg.Go(s.run)
	}
	wg.Wait()

	var subs []*subscription
	for _, s := range all {
		subs = append(subs, s.all...)
	}
	var calls int
	for _, s := range all {
		for _, em := range s.emissions {
			calls += len(em.calls)
			checkEmission(t, em, subs)
		}
	}
	for _, sub := range subs {
		checkOnce(t, sub, all)
	}
	if calls == 0 {
		t.Error("nobody was called: this proves nothing")
	}
	t.Logf("%d subscriptions, %d calls", len(subs), calls)
}

func checkEmission(t *testing.T, em *emission, subs []*subscription) {
	t.Helper()
	times := make(map[*subscription]int)
	last := make(map[int]int) // owner to number: the order of its subscriptions
	for _, sub := range em.calls {
		times[sub]++
		if before, ok := last[sub.owner]; ok && sub.n <= before {
			t.Errorf("subscription %d of %d was called after number %d", sub.n, sub.owner, before)
		}
		last[sub.owner] = sub.n
	}
	for _, sub := range subs {
		there := sub.subscribed.before(em.span) && (sub.canceled == span{} || em.before(sub.canceled))
		gone := sub.canceled.before(em.span) || em.before(sub.subscribed)
		switch n := times[sub]; {
		case n > 1:
			t.Errorf("one emission called a listener %d times", n)
		case n == 1 && gone:
			t.Errorf("called although canceled, or before it subscribed: %+v in %+v", sub.canceled, em.span)
		case n == 0 && there && !sub.once:
			t.Errorf("not called although subscribed %+v in %+v", sub.subscribed, em.span)
		}
	}
}

// checkOnce checks that a subscription for one event had one if there was one while it was there.
func checkOnce(t *testing.T, sub *subscription, all []*stormer) {
	t.Helper()
	if !sub.once {
		return
	}
	if sub.fired.Load() > 1 {
		t.Errorf("Once fired %d times", sub.fired.Load())
	}
	for _, s := range all {
		for _, em := range s.emissions {
			there := sub.subscribed.before(em.span) && (sub.canceled == span{} || em.before(sub.canceled))
			if there && sub.fired.Load() == 0 {
				t.Errorf("Once did not fire for %+v, subscribed %+v", em.span, sub.subscribed)
				return
			}
		}
	}
}

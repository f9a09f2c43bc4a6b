package observer_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/observer"
)

type connected struct {
	Name, Dialect string
	Took          time.Duration
}

func (connected) EventName() string { return "test:connect" }

var names = [...]string{"one", "two", "three", "four"}

// What an emitter without a bus would do: look whether there is someone, and if so, tell them.
var nobody atomic.Pointer[func(connected)]

func BenchmarkEmitNoListenerBaseline(b *testing.B) {
	b.ReportAllocs()
	for i := range b.N {
		e := connected{names[i%len(names)], "sqlite", time.Duration(i)}
		if fn := nobody.Load(); fn != nil {
			(*fn)(e)
		}
	}
}

func BenchmarkEmitNoListener(b *testing.B) {
	bus := observer.New()
	b.ReportAllocs()
	for i := range b.N {
		observer.Emit(bus, connected{names[i%len(names)], "sqlite", time.Duration(i)})
	}
}

func benchmarkEmit(b *testing.B, bus *observer.Bus) {
	b.ReportAllocs()
	for i := range b.N {
		observer.Emit(bus, connected{names[i%len(names)], "sqlite", time.Duration(i)})
	}
}

func BenchmarkEmit(b *testing.B) {
	for _, n := range []int{1, 8} {
		bus := observer.New()
		var calls int
		for range n {
			observer.On(bus, func(connected) { calls++ })
		}
		b.Run(fmt.Sprintf("listeners=%d", n), func(b *testing.B) { benchmarkEmit(b, bus) })
		if calls == 0 {
			b.Fatal("nobody was called")
		}
	}
}

func BenchmarkEmitOtherType(b *testing.B) {
	for _, n := range []int{1, 8} {
		bus := observer.New()
		for range n {
			observer.On(bus, func(closed) { b.Error("called for another type") })
		}
		b.Run(fmt.Sprintf("listeners=%d", n), func(b *testing.B) { benchmarkEmit(b, bus) })
	}
}

func BenchmarkEmitMatch(b *testing.B) {
	bus := observer.New()
	observer.OnMatch(bus, observer.Glob("other:*"), func(observer.Event) { b.Error("called for another name") })
	benchmarkEmit(b, bus)
}

func BenchmarkEmitParallel(b *testing.B) {
	bus := observer.New()
	observer.On(bus, func(connected) {})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			observer.Emit(bus, connected{Name: "one"})
		}
	})
}

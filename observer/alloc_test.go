package observer_test

import (
	"testing"

	"github.com/patchbay-go/patchbay/observer"
)

func TestEmitAllocatesNothingWithoutAListenerAndOnceForAll(t *testing.T) {
	for _, c := range []struct {
		name   string
		listen func(b *observer.Bus)
		allocs float64
	}{
		{"nobody", func(*observer.Bus) {}, 0},
		{"somebody who left", func(b *observer.Bus) { observer.On(b, func(opened) {})() }, 0},
		{"listeners of the type", func(b *observer.Bus) {
			for range 8 {
				observer.On(b, func(connected) {})
			}
		}, 1},
		{"listeners of other types", func(b *observer.Bus) {
			observer.On(b, func(opened) {})
			observer.Once(b, func(closed) {})
		}, 1},
		{"listeners of every type", func(b *observer.Bus) {
			for range 8 {
				observer.On(b, func(observer.Event) {})
				observer.OnMatch(b, nil, func(observer.Event) {})
			}
		}, 1},
	} {
		b := observer.New()
		c.listen(b)
		e := connected{Name: "a", Dialect: "sqlite"}
		if got := testing.AllocsPerRun(100, func() { e.Took++; observer.Emit(b, e) }); got != c.allocs {
			t.Errorf("%s: %v allocations, want %v", c.name, got, c.allocs)
		}
	}
	var off *observer.Bus
	if got := testing.AllocsPerRun(100, func() { observer.Emit(off, connected{}) }); got != 0 {
		t.Errorf("a bus that is switched off: %v allocations", got)
	}
}

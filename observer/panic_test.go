package observer_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/observer"
)

// explode has a name of its own to be found in a stack.
func explode(value any) { panic(value) }

func TestAPanicStaysWithItsListener(t *testing.T) {
	listen := map[string]func(*observer.Bus){
		"On":       func(b *observer.Bus) { observer.On(b, func(opened) { explode(io.ErrUnexpectedEOF) }) },
		"On Event": func(b *observer.Bus) { observer.On(b, func(labelled) { explode(io.ErrUnexpectedEOF) }) },
		"Once":     func(b *observer.Bus) { observer.Once(b, func(opened) { explode(io.ErrUnexpectedEOF) }) },
		"OnMatch": func(b *observer.Bus) {
			observer.OnMatch(b, observer.Glob("test:*"), func(observer.Event) { explode(io.ErrUnexpectedEOF) })
		},
		"a Matcher": func(b *observer.Bus) {
			observer.OnMatch(b, badMatcher{}, func(observer.Event) { t.Error("called") })
		},
	}
	for name, listen := range listen {
		t.Run(name, func(t *testing.T) {
			b := observer.New()
			var before, after int
			var errs []observer.Error
			observer.On(b, func(e observer.Error) { errs = append(errs, e) })
			observer.On(b, func(both) { before++ })
			listen(b)
			observer.On(b, func(both) { after++ })

			observer.Emit(b, both{})
			observer.Emit(b, opened{})
			observer.Emit(b, both{})

			if before != 2 || after != 2 {
				t.Errorf("the others got %d and %d events, want 2 each", before, after)
			}
			if len(errs) == 0 {
				t.Fatal("no Error event")
			}
			p, ok := errors.AsType[*observer.PanicError](errs[0].Err)
			if !ok || errs[0].Source != "observer" || errs[0].EventName() != "error" {
				t.Fatalf("got %#v", errs[0])
			}
			if !errors.Is(p, io.ErrUnexpectedEOF) || p.Value != io.ErrUnexpectedEOF {
				t.Errorf("the value of the panic is lost: %#v", p.Value)
			}
			if !strings.Contains(p.Error(), "observer_test.") || !strings.Contains(p.Error(), "unexpected EOF") {
				t.Errorf("the text does not say what panicked: %s", p)
			}
			if !strings.Contains(string(p.Stack), "explode") {
				t.Errorf("the stack does not lead to the panic:\n%s", p.Stack)
			}
		})
	}
}

// both is taken by listeners of any of the types above.
type both struct{ closed }

type badMatcher struct{}

func (badMatcher) MatchString(string) bool { explode(io.ErrUnexpectedEOF); return true }

func TestEachPanicIsReportedOnce(t *testing.T) {
	b := observer.New()
	var reports int
	observer.On(b, func(observer.Error) { reports++ })
	for range 3 {
		observer.On(b, func(opened) { panic("a text") })
	}
	observer.On(b, func(e opened) { _ = e.Name[len(e.Name)] })
	for range 5 {
		observer.Emit(b, opened{})
	}
	if reports != 20 {
		t.Errorf("%d reports, want 20", reports)
	}
}

func TestAPanickingListenerOfErrorsIsNotCalledForItself(t *testing.T) {
	b := observer.New()
	var everything, errs, healthy []string
	observer.On(b, func(e observer.Event) { everything = append(everything, e.EventName()); panic("everything") })
	observer.On(b, func(e observer.Error) { errs = append(errs, e.Source); panic("errors") })
	observer.On(b, func(e observer.Error) { healthy = append(healthy, e.Source) })

	observer.Emit(b, opened{})
	equal(t, "events", everything, "test:open", "error")
	equal(t, "errors", errs, "observer")
	equal(t, "healthy", healthy, "observer")

	everything, errs, healthy = nil, nil, nil
	observer.Emit(b, observer.Error{Source: "manager"}) // two panic, and both reports reach all three
	equal(t, "events", everything, "error", "error", "error")
	equal(t, "errors", errs, "observer", "manager", "observer")
	equal(t, "healthy", healthy, "observer", "observer", "manager")
}

func TestGoexitInAListenerEndsTheEmitterAsItSays(t *testing.T) {
	b := observer.New()
	observer.On(b, func(e observer.Error) { t.Errorf("reported as %v", e.Err) })
	observer.On(b, func(opened) { runtime.Goexit() })
	returned := make(chan bool, 1)
	go func() {
		var ok bool
		defer func() { returned <- ok }()
		observer.Emit(b, opened{})
		ok = true
	}()
	if <-returned {
		t.Error("Emit returned")
	}
}

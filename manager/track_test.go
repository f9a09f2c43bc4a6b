package manager_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

// elsewhere opens a connection without the manager.
func elsewhere(t *testing.T, f *fake, r *record, name string) *conn.Conn {
	t.Helper()
	c, err := conn.Open(t.Context(), fakeConfig(name), conn.WithName(name), conn.WithRegistry(f.registry), conn.WithObserver(r.bus))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTrack(t *testing.T) {
	f := newFake()
	m, events := f.manager(t)
	c := elsewhere(t, f, events, "a")
	for range 2 { // the second time it is there already
		if err := m.Track(c); err != nil {
			t.Fatal(err)
		}
	}
	if got := get(t, m, "a"); got != c || f.opened() != 1 {
		t.Errorf("got %v after %d openings", got, f.opened())
	}
	var mismatch *manager.MismatchError
	if _, err := m.Get(t.Context(), "a", replaced()); !errors.As(err, &mismatch) {
		t.Errorf("got %v", err)
	}
	second := elsewhere(t, f, events, "a")
	defer second.Close()
	if err := m.Track(second); err == nil || !strings.Contains(err.Error(), `"a"`) || !strings.Contains(err.Error(), "is open") {
		t.Errorf("got %v", err)
	}
	if err := m.CloseAll(t.Context()); err != nil {
		t.Error(err)
	}
	isClosed(t, c)
	if err := m.Track(c); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v", err)
	}
	if m.Has("a") || events.count("connection:close a") != 1 {
		t.Errorf("Has %v, events %v", m.Has("a"), events.list())
	}
}

func TestATrackedConnectionIsNotEvictedButReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t, manager.WithLimit(2), manager.WithIdleTime(time.Minute))
		c := elsewhere(t, f, events, "a")
		if err := m.Track(c); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			get(t, m, fmt.Sprint("n", i))
		}
		time.Sleep(time.Hour)
		if !m.Has("a") {
			t.Fatal("evicted, and nobody could open it again")
		}
		if err := m.Replace(t.Context(), "a", replaced()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		works(t, c)
		time.Sleep(20 * time.Second)
		isClosed(t, c)
	})
}

func TestTrackWhileTheNameIsBeingOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t)
		c := elsewhere(t, f, events, "a")
		defer c.Close()
		open := gate(f)
		_, results := crowd(t, m, 1)
		if err := m.Track(c); err == nil || !strings.Contains(err.Error(), "is being opened") {
			t.Errorf("got %v", err)
		}
		close(open)
		if r := <-results[0]; r.err != nil {
			t.Error(r.err)
		}
	})
}

// A connection that lives for long may be given to Track again and again.
func TestATrackThatDoesNothingLeavesNothingBehind(t *testing.T) {
	const times, little = 10_000, 1 << 20
	f := newFake()
	m, events := f.manager(t)
	a, refused := elsewhere(t, f, events, "a"), elsewhere(t, f, events, "a")
	defer refused.Close()
	if err := m.Track(a); err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	for what, c := range map[string]*conn.Conn{"repeated": a, "refused": refused} {
		before := heap()
		for range times {
			if err := m.Track(c); (err == nil) != (what == "repeated") {
				t.Fatalf("%s: %v", what, err)
			}
		}
		if after := heap(); after > before+little {
			t.Errorf("%s %d times, it left %d bytes", what, times, after-before)
		}
		runtime.KeepAlive(c)
	}
}

// The name that package conn gives to what has none is for events alone.
func TestErrorsDoNotShowTheNameOfWhatHasNone(t *testing.T) {
	const unnamed = "__default__"
	f := newFake()
	m, events := f.manager(t)
	open := func() *conn.Conn {
		c, err := conn.Open(t.Context(), fakeConfig("a"), conn.WithRegistry(f.registry), conn.WithObserver(events.bus))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, second := open(), open()
	defer second.Close()
	_, unknown := m.Named(t.Context(), unnamed)
	if err := m.Track(first); err != nil {
		t.Fatal(err)
	}
	_, mismatch := m.Get(t.Context(), unnamed, replaced())
	taken := m.Track(second)
	if err := m.CloseAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	closed := m.Track(first)
	invalid := m.Reload(t.Context(), configs{unnamed: {Dialect: "fake", Port: -1}})
	for _, err := range []error{unknown, mismatch, taken, closed, invalid} {
		if err == nil || !strings.Contains(err.Error(), "connection") || strings.Contains(err.Error(), unnamed) {
			t.Errorf("got %v", err)
		}
	}
	if events.count("connection:close "+unnamed) != 1 {
		t.Errorf("events %v", events.list())
	}
}

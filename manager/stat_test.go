package manager_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

func TestStatsTellWhereEveryConnectionIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		opening := make(chan struct{})
		f.connect = func(_ context.Context, cfg registry.Config) error {
			switch cfg.Database {
			case "opening":
				<-opening
			case "failing":
				return errors.New("wrong password")
			}
			return nil
		}
		m, _ := f.manager(t, manager.WithConfigs(configs{"failing": fakeConfig("failing")}))
		if len(m.Stats()) != 1 {
			t.Errorf("got %v", m.Stats())
		}
		lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := m.Replace(t.Context(), "a", replaced()); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Named(t.Context(), "failing"); err == nil {
			t.Fatal("no error")
		}
		go func() { _, _ = m.Get(t.Context(), "opening", fakeConfig("opening")) }()
		time.Sleep(time.Second)

		type row struct {
			name   string
			state  manager.State
			age    time.Duration
			leases int
			conns  int
			err    string
		}
		want := []row{
			{"a", manager.StateDraining, 2 * time.Second, 1, 1, ""},
			{"a", manager.StateOpen, time.Second, 0, 1, ""},
			{"failing", manager.StateClosed, 0, 0, 0, "wrong password"},
			{"opening", manager.StateOpening, time.Second, 0, 0, ""},
		}
		got := m.Stats()
		if len(got) != len(want) {
			t.Fatalf("got %+v", got)
		}
		for i, s := range got {
			text := ""
			if s.Err != nil {
				text = s.Err.Error()
			}
			w := want[i]
			if s.Name != w.name || s.Dialect != "fake" || s.State != w.state || s.Age != w.age || s.Leases != w.leases ||
				s.DB.OpenConnections != w.conns || !strings.Contains(text, w.err) || (text == "") != (w.err == "") {
				t.Errorf("got %+v, want %+v", s, w)
			}
		}
		if text, err := json.Marshal(got[0]); err != nil || !strings.Contains(string(text), `"draining"`) {
			t.Errorf("%s, %v", text, err)
		}
		lease.Release()
		close(opening)
	})
}

// F6.
func TestStatsOfOneAgeAreInTheOrderOfTheirBirth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const generations = 10
		f := newFake()
		m, _ := f.manager(t)
		for i := range generations {
			if err := m.Replace(t.Context(), "a", fakeConfig("a")); err != nil {
				t.Fatal(err)
			}
			for range i + 1 {
				lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
				if err != nil {
					t.Fatal(err)
				}
				defer lease.Release()
			}
		}
		for range 20 {
			for i, s := range m.Stats() {
				if s.Age != 0 || s.Leases != i+1 || (s.State == manager.StateOpen) != (i == generations-1) {
					t.Fatalf("row %d is that of generation %d: %+v", i+1, s.Leases, s)
				}
			}
		}
	})
}

// F4: the error of an opening whose caller had run out of time was nowhere, and "canceled" hides what kept it so long.
func TestStatsTellWhatKeptAnOpeningThatWasGivenUp(t *testing.T) {
	port, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	dead := conn.Config{Dialect: "postgres", Host: "127.0.0.1", Port: port, User: "u", Database: "d"}
	bus := observer.New()
	m := manager.New(manager.WithConfigs(configs{"a": dead}), manager.WithObserver(bus))
	defer func() {
		if err := m.CloseAll(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	observer.On(bus, func(conn.Retrying) { cancel() })
	_, err = m.Named(ctx, "a")
	if conn.KindOf(err) != conn.KindCanceled || !strings.Contains(err.Error(), "refused") {
		t.Errorf("Named: the kind %q of %v", conn.KindOf(err), err)
	}
	stats := m.Stats()
	if len(stats) != 1 || stats[0].State != manager.StateClosed || stats[0].Err == nil || !strings.Contains(stats[0].Err.Error(), "refused") {
		t.Fatalf("got %+v", stats)
	}
	e, ok := errors.AsType[*conn.Error](stats[0].Err)
	if !ok || e.Kind != conn.KindUnreachable || e.Attempts != 1 {
		t.Errorf("Stats: the kind %q of %v", conn.KindOf(stats[0].Err), stats[0].Err)
	}
}

func TestStatsTellTheFailureBeforeWhileItIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, end := newHanging(t)
		defer end()
		h.fake.connect = func(context.Context, registry.Config) error { return errWrong }
		if _, err := h.Named(t.Context(), "x"); !errors.Is(err, errWrong) {
			t.Fatal(err)
		}
		h.fake.connect = h.on("x")
		go func() { _, _ = h.Named(h.ended, "x") }()
		synctest.Wait()
		if stats := h.Stats(); len(stats) != 1 || stats[0].State != manager.StateOpening || !errors.Is(stats[0].Err, errWrong) {
			t.Errorf("got %+v", stats)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.Replace(ctx, "x", fakeConfig("x")); err == nil {
			t.Error("replaced")
		}
	})
}

// A driver that does not come back has not said anything either.
func TestStatsTellThatAnOpeningHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, end := newHanging(t)
		defer end()
		h.fake.connect = h.on("x")
		h.briefly()
		for _, s := range h.Stats() {
			if s.State == manager.StateClosed && (s.Err == nil || !strings.Contains(s.Err.Error(), "while it was being opened")) {
				t.Errorf("got %+v", s)
			}
		}
		h.well.Store(true)
		if _, err := h.Named(t.Context(), "x"); err != nil {
			t.Error(err)
		}
		if stats := h.Stats(); stats[len(stats)-1].Err != nil {
			t.Errorf("got %+v", stats)
		}
	})
}

// What is opened lazily says that it is not up, and why, until it is.
func TestStatsOfALazyConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var down atomic.Bool
		down.Store(true)
		f.connect = func(context.Context, registry.Config) error {
			if down.Load() {
				return errRefused
			}
			return nil
		}
		cfg := fakeConfig("a")
		cfg.Lazy = true
		m, events := f.manager(t, manager.WithConfigs(configs{"a": cfg}))
		c, err := m.Named(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		expect := func(attempts int) {
			t.Helper()
			s := m.Stats()[0]
			failure, failed := errors.AsType[*conn.Error](s.Err)
			if s.State != manager.StateOpen || s.Pending != down.Load() || failed != (attempts > 0) || failed && (failure.Attempts != attempts || failure.Kind != conn.KindUnreachable) {
				t.Errorf("got %+v, want %d attempts", s, attempts)
			}
		}
		expect(0)
		for i := range 3 {
			if err := c.PingContext(t.Context()); !errors.Is(err, errRefused) {
				t.Error(err)
			}
			expect(i + 1)
		}
		down.Store(false)
		if err := c.PingContext(t.Context()); err != nil {
			t.Error(err)
		}
		expect(0)
		if err := m.Close(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		if got := events.list(); !slices.Equal(got, []string{"connection:error a", "connection:open a", "connection:close a"}) {
			t.Errorf("listeners hear %q", got)
		}
	})
}

package manager_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
)

// What a pool for reading closes at its end is not counted as closed because of MaxIdle.
func TestClosingAPoolForReadingCountsNothing(t *testing.T) {
	m := manager.New(manager.WithObserver(nil))
	cfg := conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "a.db"), Readers: new(conn.Config)}
	c, err := m.Get(t.Context(), "a", cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.Totals()
	works(t, c.Reader())
	if err := c.Reader().Close(); err != nil { // before its Conn
		t.Fatal(err)
	}
	for range 2 {
		if totals := m.Totals(); len(totals) != 2 || totals[1].Closed.MaxIdle != 0 {
			t.Errorf("%+v", totals)
		}
		if err := m.CloseAll(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// The pool for reading has a row and counts of its own, and is watched like any other.
func TestThePoolForReadingIsSeenAsWell(t *testing.T) {
	bus := observer.New()
	m := manager.New(manager.WithObserver(bus))
	defer func() {
		if err := m.CloseAll(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	cfg := conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "a.db"), Readers: &conn.Config{Pool: conn.Pool{Max: 1}}}
	c, err := m.Get(t.Context(), "a", cfg)
	if err != nil {
		t.Fatal(err)
	}
	giveBack := take(t, c.Reader(), 1)
	starved, recovered := make(chan string, 1), make(chan string, 1)
	observer.On(bus, func(e manager.Starved) { starved <- e.Name })
	observer.On(bus, func(e manager.Recovered) { recovered <- e.Name })
	done := make(chan error)
	go func() { done <- c.Reader().PingContext(t.Context()) }()
	if name := <-starved; name != "a/reader" {
		t.Errorf("%q", name)
	}
	rows := m.Stats()
	if len(rows) != 2 || rows[0].Name != "a" || rows[0].Reader || !rows[0].Starving.IsZero() || rows[1].Name != "a/reader" ||
		!rows[1].Reader || rows[1].Starving.IsZero() || rows[1].DB.MaxOpenConnections != 1 || rows[1].State != manager.StateOpen {
		t.Errorf("%+v", rows)
	}
	if totals := m.Totals(); len(totals) != 2 || totals[1].Name != "a/reader" || totals[1].Waits != 1 {
		t.Errorf("%+v", totals)
	}
	giveBack()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if name := <-recovered; name != "a/reader" {
		t.Errorf("%q", name)
	}
}

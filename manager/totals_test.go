package manager_test

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

// waitsOf is how often the manager says that callers of the name waited.
func waitsOf(m *manager.Manager, name string) (n int64) {
	for _, t := range m.Totals() {
		if t.Name == name {
			n += t.Waits
		}
	}
	return n
}

// waitOnce makes a caller wait for a connection, once.
func waitOnce(t *testing.T, c *conn.Conn) {
	t.Helper()
	giveBack := take(t, c, 1)
	defer giveBack()
	if wants(t, c, time.Millisecond) == nil {
		t.Error("the connection was free")
	}
}

func TestTotalsOutliveWhatIsReplacedEvictedReloadedAndClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		cfg := fakeConfig("a")
		cfg.Pool.Max = 1
		m, _ := f.manager(t, manager.WithConfigs(configs{"a": cfg}), manager.WithLimit(1), manager.WithGrace(time.Second))
		use := func() {
			t.Helper()
			c, err := m.Named(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			waitOnce(t, c)
		}
		want := int64(0)
		check := func(what string) {
			t.Helper()
			for range 3 { // while the old one drains, and afterwards
				if got := waitsOf(m, "a"); got != want {
					t.Errorf("%s: %d waits, want %d", what, got, want)
				}
				time.Sleep(time.Second)
			}
		}
		check("nothing")
		use()
		want++
		check("opened")
		if err := m.Replace(t.Context(), "a", cfg); err != nil {
			t.Fatal(err)
		}
		check("replaced")
		use()
		want++
		changed := cfg
		changed.AppName = "other"
		if err := m.Reload(t.Context(), configs{"a": changed, "b": fakeConfig("b")}); err != nil {
			t.Fatal(err)
		}
		check("reloaded")
		use()
		want++
		if _, err := m.Named(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		check("evicted")
		use()
		want++
		c, err := m.Named(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.DB.Close(); err != nil { // by others
			t.Fatal(err)
		}
		check("lost")
		use()
		want++
		if err := m.Close(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		check("closed")
		if totals := m.Totals(); len(totals) != 2 || totals[0].Name != "a" || totals[0].Dialect != "fake" || totals[0].Closed != (manager.Closed{}) {
			t.Errorf("%+v", totals) // closing a pool is not a matter of MaxIdle
		}
	})
}

func TestStatsTellWhatAPageShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		refusing := make(map[string]bool)
		f.connect = func(_ context.Context, cfg registry.Config) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			if refusing[cfg.Database] {
				return errRefused
			}
			return nil
		}
		refuse := func(name string, on bool) {
			f.mu.Lock()
			defer f.mu.Unlock()
			refusing[name] = on
		}
		m, _ := f.manager(t, manager.WithLeaseWarning(time.Hour))
		cfg := fakeConfig("a")
		cfg.User, cfg.Pool = "app", conn.Pool{Min: 1, Max: 4, MaxIdle: 2}
		lease, err := m.Acquire(t.Context(), "a", cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer lease.Release()
		take(t, lease.Conn(), 4)()
		time.Sleep(time.Second)
		s := m.Stats()[0]
		if s.Target != "app@localhost:99/a" || s.Min != 1 || s.MaxIdle != 2 || !s.Lost.IsZero() || s.Failure != nil || !s.Retry.IsZero() ||
			s.Dials.Opened != 4 || s.Closed != (manager.Closed{MaxIdle: 2}) || s.OldestLease != time.Second {
			t.Errorf("%+v", s)
		}
		// Nothing is left of the pool, and the next connection is refused.
		refuse("a", true)
		for range 2 {
			one, err := lease.Conn().Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_ = one.Raw(func(any) error { return driver.ErrBadConn })
		}
		if lease.Conn().Ping() == nil {
			t.Error("no error")
		}
		s = m.Stats()[0]
		if s.Lost.IsZero() || s.Failure == nil || s.Failure.Kind != conn.KindUnreachable || s.Failure.Hint == "" || !errors.Is(s.Failure.Err, errRefused) || s.Closed.Other != 2 {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Minute)
		if s = m.Stats()[0]; !s.Retry.After(time.Now()) {
			t.Errorf("the next attempt is at %v", s.Retry)
		}
		refuse("a", false)

		refuse("b", true)
		done := make(chan error)
		go func() {
			_, err := m.Get(t.Context(), "b", fakeConfig("b"))
			done <- err
		}()
		time.Sleep(100 * time.Millisecond)
		s = m.Stats()[1]
		if s.State != manager.StateOpening || s.Failure == nil || s.Failure.Kind != conn.KindUnreachable || !s.Retry.After(time.Now()) {
			t.Errorf("%+v", s)
		}
		refuse("b", false)
		if err := <-done; err != nil {
			t.Error(err)
		}
		refuse("b", true)
		if err := m.Replace(t.Context(), "b", fakeConfig("b")); err == nil {
			t.Error("no error")
		}
		s = m.Stats()[1]
		if s.State != manager.StateOpen || s.Err == nil || s.Failure == nil || time.Since(s.Failure.At) != 0 || s.Failure.Kind != conn.KindUnreachable || s.Target != "localhost:99/b" {
			t.Errorf("%+v", s)
		}
		text, err := json.Marshal(m.Stats())
		if err != nil || !strings.Contains(string(text), `"unreachable"`) {
			t.Errorf("%s, %v", text, err)
		}
		names := m.Names()
		if !slices.Equal(names, []string{"a", "b"}) {
			t.Errorf("%v", names)
		}
	})
}

package manager_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, events := f.manager(t, manager.WithConfigs(configs{
			"same": fakeConfig("same"), "changed": fakeConfig("changed"), "gone": fakeConfig("gone"),
			"unopened": fakeConfig("before"), "forgotten": fakeConfig("forgotten"),
		}))
		handles := make(map[string]*conn.Conn)
		for _, name := range []string{"same", "changed", "gone"} {
			c, err := m.Named(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			handles[name] = c
		}
		handles["own"] = get(t, m, "own")
		lease, err := m.AcquireNamed(t.Context(), "changed")
		if err != nil {
			t.Fatal(err)
		}

		changed := fakeConfig("changed")
		changed.Password = conn.NewSecret("new")
		if err := m.Reload(t.Context(), configs{
			"same": fakeConfig("same"), "changed": changed, "unopened": fakeConfig("after"), "added": fakeConfig("added"),
		}); err != nil {
			t.Fatal(err)
		}

		if got := m.Names(); !slices.Equal(got, []string{"changed", "own", "same"}) {
			t.Errorf("open are %v", got)
		}
		for name, want := range map[string]string{"same": "same", "changed": "changed", "unopened": "after", "added": "added", "own": "own"} {
			c, err := m.Named(t.Context(), name)
			if err != nil || c.Config().Database != want {
				t.Errorf("%s: got %v, %v", name, c, err)
			}
			if untouched := name == "same" || name == "own"; untouched && c != handles[name] {
				t.Errorf("%s was touched", name)
			}
		}
		for _, name := range []string{"gone", "forgotten"} {
			if _, err := m.Named(t.Context(), name); err == nil {
				t.Errorf("%s is still known", name)
			}
		}
		isClosed(t, handles["gone"])
		works(t, handles["changed"]) // in its grace
		time.Sleep(time.Minute)
		works(t, lease.Conn())
		lease.Release()
		synctest.Wait()
		isClosed(t, handles["changed"])
		if events.count("connection:open same") != 1 || events.count("connection:close gone") != 1 {
			t.Errorf("events %v", events.list())
		}
	})
}

func TestAReloadThatFailsKeepsWhatWorksAndCanBeRepeated(t *testing.T) {
	f := newFake()
	down := true
	f.connect = func(_ context.Context, cfg registry.Config) error {
		if cfg.Database == "new" && down {
			return errors.New("no such database")
		}
		return nil
	}
	m, _ := f.manager(t, manager.WithConfigs(configs{"a": fakeConfig("a"), "b": fakeConfig("b")}))
	a, err := m.Named(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	next := configs{"a": fakeConfig("new"), "b": fakeConfig("b2")}
	err = m.Reload(t.Context(), next)
	if err == nil || !strings.Contains(err.Error(), `connection "a"`) {
		t.Errorf("got %v", err)
	}
	if still, err := m.Named(t.Context(), "a"); err != nil || still != a {
		t.Errorf("got %v, %v", still, err)
	}
	down = false
	if err := m.Reload(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if c, err := m.Named(t.Context(), "a"); err != nil || c.Config().Database != "new" {
		t.Errorf("got %v, %v", c, err)
	}
}

// What cannot be replaced keeps its config beyond its life, since that is the one known to work.
func TestWhatAReloadCannotReplaceKeepsItsConfig(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t, manager.WithConfigs(configs{"a": fakeConfig("a")}))
	if _, err := m.Named(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	f.connect = func(context.Context, registry.Config) error { return errWrong }
	if err := m.Reload(t.Context(), configs{"a": replaced()}); !errors.Is(err, errWrong) {
		t.Fatalf("got %v", err)
	}
	f.connect = nil
	if err := m.Close(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if c, err := m.Named(t.Context(), "a"); err != nil || !c.Config().Password.Equal(conn.Secret{}) {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestAReloadWithAConfigThatIsNotValidChangesNothing(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t, manager.WithConfigs(configs{"a": fakeConfig("a")}))
	err := m.Reload(t.Context(), configs{"a": fakeConfig("new"), "bad": {Dialect: "fake", Port: -1}})
	var wrong *registry.ConfigError
	if !errors.As(err, &wrong) || wrong.Field != "port" || !strings.Contains(err.Error(), `"bad"`) {
		t.Errorf("got %v", err)
	}
	if c, err := m.Named(t.Context(), "a"); err != nil || c.Config().Database != "a" {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestAReloadReplacesWhatIsBeingOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(_ context.Context, cfg registry.Config) error {
			time.Sleep(time.Second)
			if cfg.Database == "wrong" {
				return errors.New("no such database")
			}
			return nil
		}
		m, _ := f.manager(t, manager.WithConfigs(configs{"a": fakeConfig("wrong")}))
		go func() { _, _ = m.Named(t.Context(), "a") }()
		synctest.Wait()
		if err := m.Reload(t.Context(), configs{"a": fakeConfig("right")}); err != nil {
			t.Fatal(err)
		}
		if c, err := m.Named(t.Context(), "a"); err != nil || c.Config().Database != "right" {
			t.Errorf("got %v, %v", c, err)
		}
	})
}

// What is closed during a Reload is opened again with the config of its map.
func TestClosingDuringAReloadLeavesItsMap(t *testing.T) {
	for name, closing := range map[string]func(context.Context, *manager.Manager) error{
		"CloseAll": func(ctx context.Context, m *manager.Manager) error { return m.CloseAll(ctx) },
		"Close":    func(ctx context.Context, m *manager.Manager) error { return m.Close(ctx, "n0") },
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			m, _ := f.manager(t, manager.WithConfigs(configs{"n1": fakeConfig("n1")}))
			next := make(configs)
			for i := range 20 { // some have to wait for their turn
				name := fmt.Sprint("n", i)
				get(t, m, name)
				next[name] = replaced()
			}
			lease, err := m.Acquire(t.Context(), "n0", fakeConfig("n0"))
			if err != nil {
				t.Fatal(err)
			}
			f.connect = func(ctx context.Context, _ registry.Config) error {
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
				return ctx.Err()
			}
			reloaded, closed := make(chan error, 1), make(chan error, 1)
			go func() { reloaded <- m.Reload(t.Context(), next) }()
			synctest.Wait()
			go func() { closed <- closing(t.Context(), m) }()
			if err := <-reloaded; err == nil {
				t.Errorf("%s: the Reload noticed nothing", name)
			}
			lease.Release()
			if err := <-closed; err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for opened := range next {
				if c, err := m.Named(t.Context(), opened); err != nil || c.Config().Database != replaced().Database {
					t.Errorf("%s: Named(%q) afterwards: %v, %v", name, opened, c, err)
				}
			}
		})
	}
}

// An opening for one map may go on for those who joined it, when the next map no longer has the name.
func TestWhatAReloadRemovesStaysRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m, _ := f.manager(t, manager.WithConfigs(configs{"a": fakeConfig("a")}))
		c, err := m.Named(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		f.connect = func(ctx context.Context, _ registry.Config) error {
			<-ctx.Done()
			return ctx.Err()
		}
		first, cancel := context.WithCancel(t.Context())
		done := make(chan error, 2)
		go func() { done <- m.Reload(first, configs{"a": replaced()}) }()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := m.Named(t.Context(), "a")
			done <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Reload: %v", err)
		}
		if err := m.Reload(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if err := <-done; err == nil {
			t.Error("Named opened what was removed")
		}
		f.connect = nil
		var unknown *manager.UnknownNameError
		if _, err := m.Named(t.Context(), "a"); !errors.As(err, &unknown) {
			t.Errorf("Named: %v", err)
		}
	})
}

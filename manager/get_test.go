package manager_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/registry"
)

func TestGetOpensOnceAndHandsOutTheSame(t *testing.T) {
	f := newFake()
	m, events := f.manager(t)
	a := get(t, m, "a")
	if get(t, m, "a") != a {
		t.Error("another one")
	}
	works(t, a)
	if a.Name() != "a" || !m.Has("a") || m.Has("b") {
		t.Errorf("name %q, Has(a) %v, Has(b) %v", a.Name(), m.Has("a"), m.Has("b"))
	}
	get(t, m, "c")
	get(t, m, "b")
	if got := strings.Join(m.Names(), " "); got != "a b c" {
		t.Errorf("names %q", got)
	}
	if f.opened() != 3 || events.count("connection:open a") != 1 {
		t.Errorf("opened %d, events %v", f.opened(), events.list())
	}
}

func TestTheOpeningSeesTheValuesOfItsCaller(t *testing.T) {
	type key struct{}
	f := newFake()
	f.connect = func(ctx context.Context, _ registry.Config) error {
		if ctx.Value(key{}) != "trace" {
			return errors.New("no value")
		}
		return nil
	}
	m, _ := f.manager(t)
	if _, err := m.Get(context.WithValue(t.Context(), key{}, "trace"), "a", fakeConfig("a")); err != nil {
		t.Error(err)
	}
}

func TestACallerWhoRunsOutOfTimeLearnsWhatTheAttemptsMet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.connect = func(context.Context, registry.Config) error { return errRefused }
		m, _ := f.manager(t)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := m.Get(ctx, "a", fakeConfig("a"))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errRefused) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnotherConfigUnderTheSameNameIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		open := gate(f)
		m, _ := f.manager(t)
		cfg := conn.Config{Dialect: "fake", Host: "db-one", Password: conn.NewSecret("hunter2"), Params: map[string]string{}}
		other := conn.Config{Dialect: "fake", Host: "db-two", Password: conn.NewSecret("swordfish")}
		check := func(state manager.State, err error) {
			t.Helper()
			var mismatch *manager.MismatchError
			if !errors.As(err, &mismatch) || mismatch.Name != "a" || mismatch.State != state || strings.Join(mismatch.Fields, " ") != "host password" {
				t.Fatalf("got %v", err)
			}
			for _, secret := range []string{"hunter2", "swordfish", "db-one", "db-two"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %q", secret, err)
				}
			}
			if !strings.Contains(err.Error(), "Replace") {
				t.Errorf("%q does not say what to do", err)
			}
		}
		go func() { _, _ = m.Get(t.Context(), "a", cfg) }()
		synctest.Wait()
		_, err := m.Get(t.Context(), "a", other)
		check(manager.StateOpening, err)
		close(open)
		synctest.Wait()
		_, err = m.Get(t.Context(), "a", other)
		check(manager.StateOpen, err)
		_, err = m.Acquire(t.Context(), "a", other)
		check(manager.StateOpen, err)

		cfg.Params["late"] = "change" // the manager has a copy
		delete(cfg.Params, "late")
		cfg.Password = conn.NewSecret("hunter" + string('2')) // equal, and not the same
		if _, err := m.Get(t.Context(), "a", cfg); err != nil {
			t.Error(err)
		}
	})
}

func TestANameClosedByItsUserIsOpenedAgain(t *testing.T) {
	for name, end := range map[string]func(*conn.Conn) error{
		"Close":    (*conn.Conn).Close,
		"DB.Close": func(c *conn.Conn) error { return c.DB.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			m, events := f.manager(t)
			lease, err := m.Acquire(t.Context(), "a", fakeConfig("a"))
			if err != nil {
				t.Fatal(err)
			}
			if err := end(lease.Conn()); err != nil {
				t.Fatal(err)
			}
			if m.Has("a") || events.count("connection:close a") != 1 {
				t.Errorf("Has %v, events %v", m.Has("a"), events.list())
			}
			works(t, get(t, m, "a"))
			lease.Release()
		})
	}
}

func TestManyNamesFromManyGoroutines(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				name := string(rune('a' + i%20))
				c, err := m.Get(t.Context(), name, fakeConfig(name))
				if err != nil || c.Name() != name {
					t.Errorf("got %v, %v", c, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if f.opened() != 20 {
		t.Errorf("opened %d for 20 names", f.opened())
	}
}

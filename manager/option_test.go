package manager_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

func TestOptionsByName(t *testing.T) {
	f := newFake()
	var mu sync.Mutex
	var seen []string
	tell := func(text string) conn.Option {
		return conn.WithSession(func(context.Context, driver.Conn) error {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, text)
			return nil
		})
	}
	m, _ := f.manager(t,
		manager.WithConfigs(configs{"a": fakeConfig("one"), "b": fakeConfig("two")}),
		manager.WithConnOptions(tell("all")),
		manager.WithConnOptionsFunc(func(name string, cfg conn.Config) []conn.Option {
			database := cfg.Database
			if name == "b" {
				return nil
			}
			return []conn.Option{tell(fmt.Sprintf("%s of %s", database, name)), conn.WithName("another")}
		}),
	)
	expect := func(what string, err error, want ...string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if err != nil || !slices.Equal(seen, want) {
			t.Errorf("%s: got %q, %v; want %q", what, seen, err, want)
		}
		seen = nil
	}
	a, err := m.Named(t.Context(), "a")
	expect("Named", err, "all", "one of a")
	if a.Name() != "a" {
		t.Errorf("the name is %s", a.Name())
	}
	_, err = m.Named(t.Context(), "b")
	expect("Named without any", err, "all")
	_, err = m.Get(t.Context(), "c", fakeConfig("three"), tell("own"))
	expect("Get", err, "all", "three of c", "own")
	err = m.Reload(t.Context(), configs{"a": fakeConfig("four"), "b": fakeConfig("two")})
	expect("Reload", err, "all", "four of a")
	err = m.Replace(t.Context(), "c", fakeConfig("five"), tell("own"))
	expect("Replace", err, "all", "five of c", "own")
	for _, s := range m.Stats() {
		if s.Err != nil {
			t.Errorf("%s: %v", s.Name, s.Err)
		}
	}
}

func TestAFunctionForOptionsThatPanics(t *testing.T) {
	f := newFake()
	m, _ := f.manager(t, manager.WithConnOptionsFunc(func(string, conn.Config) []conn.Option { panic("no options") }))
	if _, err := m.Get(t.Context(), "a", fakeConfig("a")); err == nil {
		t.Error("no error")
	}
}

package configfile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/observer"
)

// follow follows a file until the test ends, and returns the events.
func follow(t *testing.T, path string, m *manager.Manager) <-chan configfile.Reloaded {
	t.Helper()
	events := make(chan configfile.Reloaded, 99)
	t.Cleanup(observer.On(m.Observer(), func(e configfile.Reloaded) { events <- e }))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- configfile.Follow(ctx, path, m, configfile.WithInterval(5*time.Millisecond)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow ended in %v", err)
		}
	})
	return events
}

func next(t *testing.T, events <-chan configfile.Reloaded) configfile.Reloaded {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(30 * time.Second):
		t.Fatal("no event")
		return configfile.Reloaded{}
	}
}

func newManager(t *testing.T) *manager.Manager {
	m := manager.New(manager.WithObserver(observer.New()))
	t.Cleanup(func() {
		if err := m.CloseAll(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestAMistakeKeepsWhatWasThereAndItsCorrectionCounts(t *testing.T) {
	path := write(t, "app.yaml", "connections: {main: 'sqlite:main.db'}")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil { // no half of a file is ever seen
			t.Fatal(err)
		}
	}
	m := newManager(t)
	events := follow(t, path, m)
	if e := next(t, events); e.Err != nil || strings.Join(e.Names, " ") != "main" || e.Path != path {
		t.Fatalf("at first: %+v", e)
	}
	first, err := m.Named(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}

	put("connections: {main: 'sqlite:main.db', x: {dialect: sqlite, fielname: hunter2}}")
	if e := next(t, events); e.Err == nil || !strings.Contains(e.Err.Error(), `did you mean "filename"`) || strings.Contains(e.Err.Error(), "hunter2") {
		t.Fatalf("with a mistake: %+v", e)
	}
	if same, err := m.Named(t.Context(), "main"); err != nil || same != first {
		t.Errorf("with a mistake in the file, main is %v, %v", same, err)
	}

	put("connections: {main: 'sqlite:main.db', x: 'sqlite:x.db'}")
	if e := next(t, events); e.Err != nil || strings.Join(e.Names, " ") != "main x" {
		t.Fatalf("with the mistake corrected: %+v", e)
	}
	if same, err := m.Named(t.Context(), "main"); err != nil || same != first {
		t.Errorf("what has not changed was opened again: %v", err)
	}
	if _, err := m.Named(t.Context(), "x"); err != nil {
		t.Error(err)
	}

	put("connections: {x: 'sqlite:x.db'}")
	if e := next(t, events); e.Err != nil {
		t.Fatalf("with a connection removed: %+v", e)
	}
	if _, err := m.Named(t.Context(), "main"); err == nil {
		t.Error("a connection that is gone from the file can be had")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); !errors.Is(e.Err, os.ErrNotExist) {
		t.Fatalf("without the file: %+v", e)
	}
}

// Kubernetes puts a new folder beside the old one and renames a link to it.
func TestARenamedLinkCounts(t *testing.T) {
	dir := t.TempDir()
	version := func(name, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "app.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(name, filepath.Join(dir, "data.new")); err != nil {
			t.Skipf("no links here: %v", err)
		}
		if err := os.Rename(filepath.Join(dir, "data.new"), filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
	}
	version("one", "connections: {a: 'sqlite::memory:'}")
	path := filepath.Join(dir, "app.yaml")
	if err := os.Symlink("data/app.yaml", path); err != nil {
		t.Fatal(err)
	}
	events := follow(t, path, newManager(t))
	if e := next(t, events); e.Err != nil || len(e.Names) != 1 {
		t.Fatalf("at first: %+v", e)
	}
	version("two", "connections: {a: 'sqlite::memory:', b: 'sqlite::memory:'}")
	if e := next(t, events); e.Err != nil || len(e.Names) != 2 {
		t.Fatalf("with a new link: %+v", e)
	}
}

// What is read once is told once: a file that is replaced while it is looked at must not be noted as what it was before.
func TestEachStateOfTheFileIsToldOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is being read is not replaced there")
	}
	path := write(t, "app.yaml", "connections: {a: 'sqlite::memory:'}")
	events := make(chan configfile.Reloaded)
	m := newManager(t)
	t.Cleanup(observer.On(m.Observer(), func(e configfile.Reloaded) { events <- e }))
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		_ = configfile.Follow(ctx, path, m, configfile.WithInterval(time.Nanosecond)) // it is the context that ends it
		close(events)
	})
	all.Go(func() {
		defer cancel()
		for i := 0; ctx.Err() == nil; i++ {
			text := fmt.Sprintf("connections: {%c: 'sqlite::memory:'}", 'a'+i%2)
			if err := errors.Join(os.WriteFile(path+".new", []byte(text), 0o600), os.Rename(path+".new", path)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	before, n := "", 0
	for e := range events {
		names := strings.Join(e.Names, " ")
		if names == before || e.Err != nil {
			t.Errorf("event %d says %q, %v, and the one before it %q", n, names, e.Err, before)
		}
		if before, n = names, n+1; n == 100 || t.Failed() {
			cancel()
		}
	}
	cancel()
	all.Wait()
}

func TestAFileThatIsWrongAtFirstIsAnError(t *testing.T) {
	for name, path := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "none.yaml"), "wrong": write(t, "app.yaml", "connections: 5"),
	} {
		if err := configfile.Follow(t.Context(), path, newManager(t)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

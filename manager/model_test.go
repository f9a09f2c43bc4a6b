package manager_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

var (
	long = flag.Duration("manager.long", 0,
		"test at random for so long, and at least 100,000 operations; also by the environment variable PATCHBAY_TEST_LONG")
	seed = flag.Uint64("manager.seed", 0, "repeat the random choices of a test that printed this seed; 0: choose one")
)

// rogueTimeout is that for opening and for closing where the driver is a rogue one.
const rogueTimeout = 50 * time.Millisecond

// TestAtRandom does everything at once from many goroutines, for long, and compares with what must hold.
func TestAtRandom(t *testing.T) {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("repeat with -manager.seed=%d", s)
	total, atLeast := 6*time.Second, int64(0)
	if text := os.Getenv("PATCHBAY_TEST_LONG"); text != "" && *long == 0 {
		var err error
		if *long, err = time.ParseDuration(text); err != nil {
			t.Fatalf("PATCHBAY_TEST_LONG is no duration such as 30m: %v", err)
		}
	}
	if *long > 0 {
		total, atLeast = *long, 100_000
	}
	// The driver heeds its context in the first two, so that nothing has to be given up on, however slow this machine is.
	patient := manager.WithCloseTimeout(time.Minute)
	did := newTally()
	storms := []struct {
		name string
		kind kind
		opts []manager.Option
	}{
		{"handles", kind{handles: true}, []manager.Option{patient, manager.WithGrace(time.Minute), manager.WithIdleTime(30 * time.Millisecond)}},
		{"limit", kind{}, []manager.Option{patient, manager.WithGrace(5 * time.Millisecond), manager.WithIdleTime(20 * time.Millisecond), manager.WithLimit(4)}},
		{"rogue", kind{rogue: true, did: did}, []manager.Option{
			manager.WithCloseTimeout(rogueTimeout), manager.WithGrace(5 * time.Millisecond),
			manager.WithIdleTime(20 * time.Millisecond), manager.WithLimit(6),
			manager.WithConnOptions(conn.WithCheckInterval(3 * time.Millisecond)),
		}},
	}
	for i, c := range storms {
		// Every minute a new one, since a model remembers all that has happened.
		rest := total / time.Duration(len(storms))
		for round := uint64(0); rest > 0 && !t.Failed(); round++ {
			duration := min(rest, time.Minute)
			rest -= duration
			t.Run(c.name, func(t *testing.T) { storm(t, s+uint64(i)+round<<8, c.kind, duration, atLeast, c.opts...) })
		}
	}
	did.mu.Lock() // nobody waits for what was given up
	defer did.mu.Unlock()
	if did.sum == 0 {
		return // another storm was chosen
	}
	t.Logf("the rogue driver did %v", did.times)
	for where, times := range did.times {
		for what, n := range times {
			if n == 0 && *long >= 10*time.Minute && !t.Failed() {
				t.Errorf("it never %s in the %s", what, where)
			}
		}
	}
}

// kind is what is special about a storm.
type kind struct {
	handles bool // the grace is so long that what Get returned must work
	rogue   bool // the driver does each of faults in each of calls, and there is a keeper
	did     *tally
}

func storm(t *testing.T, seed uint64, k kind, duration time.Duration, atLeast int64, opts ...manager.Option) {
	goroutines := runtime.NumGoroutine()
	w := newModel(t, seed, k, opts...)
	start := time.Now()
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			user := &user{w, t, rand.New(rand.NewPCG(seed, uint64(worker)+1))}
			for (time.Since(start) < duration || w.ops.Load() < atLeast) && !t.Failed() {
				user.step()
				w.ops.Add(1)
			}
		})
	}
	wg.Wait()
	close(w.driver.over)
	err := w.manager.CloseAll(context.Background())
	for end := time.Now().Add(time.Minute); (k.rogue && err != nil || !w.fake.settled()) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // until the driver has returned from all that was given up
		err = w.manager.CloseAll(context.Background())
	}
	if err != nil {
		t.Error(err)
	}
	if stats := w.manager.Stats(); slices.ContainsFunc(stats, func(s manager.Stat) bool { return s.State != manager.StateClosed }) {
		t.Errorf("left: %+v", stats)
	}
	if len(w.manager.Names()) != 0 {
		t.Errorf("still open: %v", w.manager.Names())
	}
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > goroutines && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after:\n%s", goroutines, n, stacks[:runtime.Stack(stacks, true)])
	}
	t.Logf("%d operations, %d openings, %d events in %v", w.ops.Load(), w.fake.opened(), len(w.events.list()), time.Since(start).Round(time.Second))
}

// model is what the test knows of the manager from the outside.
type model struct {
	fake    *fake
	manager *manager.Manager
	events  *record
	driver  *badDriver
	kind
	names []*modelName
	ops   atomic.Int64

	reload sync.Mutex
}

// modelName is one name and what is done to it.
type modelName struct {
	name      string
	mapped    bool    // its config is in the map, and changed by Reload only
	fixed     bool    // its config does not change
	rogue     bool    // its driver is one
	least     int     // its Pool.Min
	closing   changes // by Close, CloseAll, Reload, or behind the manager's back
	behind    changes // the last of these only
	replacing changes
	hurried   atomic.Int64 // calls of Close whose context ends soon, and those that did not wait for all

	replace sync.Mutex
	version atomic.Int64 // of its config; 0: it is not in the map
	forced  atomic.Int64 // how many pools there were when one of it was last closed by force, which may go on for a while
}

// changes counts the changes of one sort, so that a user who meets a failure can tell whether it may come from one.
type changes struct{ started, ended atomic.Int64 }

func (c *changes) during(f func()) {
	c.started.Add(1)
	defer c.ended.Add(1)
	f()
}

// mark is a moment.
type mark struct {
	of    *changes
	ended int64
}

func (c *changes) mark() mark { return mark{c, c.ended.Load()} }

// undisturbed reports whether no change was under way at any time since the mark.
func (m mark) undisturbed() bool { return m.of.started.Load() == m.ended }

func newModel(t *testing.T, seed uint64, k kind, opts ...manager.Option) *model {
	w := &model{fake: newFake(), kind: k}
	configs := make(map[string]conn.Config)
	for i := range 7 {
		n := &modelName{name: fmt.Sprint("n", i), fixed: i < 2, mapped: i >= 5, rogue: k.rogue}
		if k.rogue {
			n.least = i % 2 * 2
		}
		n.version.Store(1)
		w.names = append(w.names, n)
		if n.mapped {
			configs[n.name] = n.config(1)
		}
	}
	d := &badDriver{
		t: t, names: w.names, rogue: k.rogue, rand: rand.New(rand.NewPCG(seed, 0)), over: make(chan struct{}), did: k.did,
	}
	w.driver, w.fake.dial = d, d.dial
	if k.rogue {
		w.fake.ask = d.ask
		w.fake.closing = func(registry.Config) { d.misbehave("Close of a connection") }
		w.fake.end = func() error { d.misbehave("Close of a pool"); return nil }
	}
	opts = append(opts, manager.WithConfigs(configs))
	w.manager, w.events = w.fake.manager(t, opts...)
	t.Cleanup(observer.On(w.events.bus, func(e observer.Error) {
		err, _ := errors.AsType[*conn.Error](e.Err)
		w.names[err.Name[1]-'0'].forced.Store(int64(w.fake.opened()))
	}))
	return w
}

func (n *modelName) config(version int64) conn.Config {
	cfg := fakeConfig(n.name)
	cfg.Password = conn.NewSecret(fmt.Sprint(version))
	if n.rogue {
		cfg.ConnectTimeout, cfg.Pool.Min = rogueTimeout, n.least
		cfg.Retry = conn.Retry{Max: 1, Delay: time.Millisecond}
	}
	return cfg
}

package manager_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

var (
	long = flag.Bool("manager.long", os.Getenv("PATCHBAY_TEST_LONG") != "",
		"test at random for a minute and at least 100,000 operations; also by the environment variable PATCHBAY_TEST_LONG")
	seed = flag.Uint64("manager.seed", 0, "repeat the random choices of a test that printed this seed; 0: choose one")
)

// TestAtRandom does everything at once from many goroutines, for long, and compares with what must hold.
func TestAtRandom(t *testing.T) {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("repeat with -manager.seed=%d", s)
	t.Run("handles", func(t *testing.T) {
		storm(t, s, true, manager.WithGrace(time.Minute), manager.WithIdleTime(30*time.Millisecond))
	})
	t.Run("limit", func(t *testing.T) {
		storm(t, s+1, false, manager.WithGrace(5*time.Millisecond), manager.WithIdleTime(20*time.Millisecond), manager.WithLimit(4))
	})
}

func storm(t *testing.T, seed uint64, handles bool, opts ...manager.Option) {
	duration, atLeast := 2*time.Second, int64(0)
	if *long {
		duration, atLeast = 30*time.Second, 100_000
	}
	w := newModel(t, seed, handles, opts...)
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
	if err := w.manager.CloseAll(context.Background()); err != nil {
		t.Error(err)
	}
	if len(w.manager.Names()) != 0 {
		t.Errorf("still open: %v", w.manager.Names())
	}
	t.Logf("%d operations, %d openings, %d events in %v", w.ops.Load(), w.fake.opened(), len(w.events.list()), time.Since(start).Round(time.Second))
}

// model is what the test knows of the manager from the outside.
type model struct {
	fake    *fake
	manager *manager.Manager
	events  *record
	handles bool // the grace is so long that what Get returned must work
	names   []*modelName
	ops     atomic.Int64

	reload sync.Mutex
}

// modelName is one name and what is done to it.
type modelName struct {
	name      string
	mapped    bool    // its config is in the map, and changed by Reload only
	fixed     bool    // its config does not change
	closing   changes // by Close, CloseAll, Reload, or behind the manager's back
	behind    changes // the last of these only
	replacing changes

	replace sync.Mutex
	version atomic.Int64 // of its config; 0: it is not in the map
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

func newModel(t *testing.T, seed uint64, handles bool, opts ...manager.Option) *model {
	w := &model{fake: newFake(), handles: handles}
	configs := make(map[string]conn.Config)
	for i := range 7 {
		n := &modelName{name: fmt.Sprint("n", i), fixed: i < 2, mapped: i >= 5}
		n.version.Store(1)
		w.names = append(w.names, n)
		if n.mapped {
			configs[n.name] = n.config(1)
		}
	}
	w.fake.dial = (&badDriver{t: t, names: w.names, rand: rand.New(rand.NewPCG(seed, 0))}).dial
	// The driver heeds its context, so that nothing has to be given up on, however slow this machine is.
	opts = append(opts, manager.WithCloseTimeout(time.Minute), manager.WithConfigs(configs))
	w.manager, w.events = w.fake.manager(t, opts...)
	return w
}

func (n *modelName) config(version int64) conn.Config {
	cfg := fakeConfig(n.name)
	cfg.Password = conn.NewSecret(fmt.Sprint(version))
	return cfg
}

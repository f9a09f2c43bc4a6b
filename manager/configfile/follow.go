package configfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// Reloaded says that a file that [Follow] follows has changed. Err is nil if the manager has the configs of the file now;
// otherwise it tells what is wrong, and what could not be changed is as before.
type Reloaded struct {
	Path  string
	Names []string // of the connections in the file; nil with an error
	Err   error
}

// EventName returns "config:reload".
func (Reloaded) EventName() string { return "config:reload" }

// defaultInterval is how often the file is looked at.
const defaultInterval = 5 * time.Second

// Option changes how [Follow] works.
type Option func(*follower)

// WithInterval sets how often the file is looked at. Default 5 s, also for values <= 0.
func WithInterval(d time.Duration) Option {
	return func(f *follower) {
		if d > 0 {
			f.interval = d
		}
	}
}

type follower struct {
	path     string
	manager  *manager.Manager
	interval time.Duration
	seen     [sha256.Size]byte // of what was read last
	failed   string            // the error of reading it, if that failed
}

// Follow gives the configs of a file to a manager by [manager.Manager.Reload], and again whenever the file has changed,
// until ctx ends; it blocks as http.Serve does, and returns the context's cause. If the first reading fails, it returns
// that error. Later mistakes leave the manager as it is: the manager's bus gets a [Reloaded] event with the error, and
// one without when the file is right again.
//
// The file is read at each look, so that it may be replaced by any means, by a renamed link as Kubernetes does as well.
// A variable of the environment is read when the file has changed.
func Follow(ctx context.Context, path string, m *manager.Manager, opts ...Option) error {
	f := &follower{path: path, manager: m, interval: defaultInterval}
	for _, opt := range opts {
		opt(f)
	}
	if err := f.look(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(f.interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			_ = f.look(ctx) // the event has it
		}
	}
}

// look reads the file and, if it has changed, gives it to the manager.
func (f *follower) look(ctx context.Context) error {
	data, err := os.ReadFile(f.path)
	if err != nil {
		return f.fail(err)
	}
	sum := sha256.Sum256(bytes.TrimSpace(data))
	if sum == f.seen && f.failed == "" {
		return nil
	}
	// What was read, not what is there by now, is what seen tells of.
	file, err := read(f.path, data)
	var configs map[string]registry.Config
	if err == nil {
		configs, err = file.configs()
	}
	if err == nil {
		err = f.manager.Reload(ctx, configs)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx) // which is no mistake of the file
	}
	f.seen = sum
	if err != nil {
		return f.fail(err) // and is tried again at the next look: it may be that of a database
	}
	f.failed = ""
	observer.Emit(f.manager.Observer(), Reloaded{f.path, slices.Sorted(maps.Keys(configs)), nil})
	return nil
}

// fail tells of a mistake once.
func (f *follower) fail(err error) error {
	if err.Error() != f.failed {
		f.failed = err.Error()
		observer.Emit(f.manager.Observer(), Reloaded{Path: f.path, Err: err})
	}
	return err
}

package manager_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
)

// badDriver misbehaves at random.
type badDriver struct {
	t     *testing.T
	names []*modelName
	rogue bool
	now   [10]atomic.Int32 // openings of each name
	did   *tally           // by a rogue driver
	over  chan struct{}    // closed when what hangs is to return

	mu   sync.Mutex
	rand *rand.Rand
}

var errWrong = errors.New("wrong password")

// The calls in which a rogue driver does each of faults. The second connection is that of the warm-up where the pool has a
// Min; a later one, or a later query, is that of the keeper, or of a caller or an attempt that comes after another.
var calls = []string{
	"first Connect", "second Connect", "later Connect", "first query", "later query", "Close of a connection", "Close of a pool",
}

// tally counts what rogue drivers did.
type tally struct {
	mu    sync.Mutex
	times map[string]map[string]int // by where and what
	sum   int
}

func newTally() *tally {
	t := &tally{times: make(map[string]map[string]int)}
	for _, where := range calls {
		t.times[where] = make(map[string]int)
		for what := range faults {
			t.times[where][what] = 0
		}
	}
	return t
}

// rarest returns what was done least there, and counts it once more.
func (t *tally) rarest(where string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	times := t.times[where]
	what := slices.MinFunc(slices.Sorted(maps.Keys(times)), func(a, b string) int { return times[a] - times[b] })
	times[what]++
	t.sum++
	return what
}

// misbehave does one of faults where it is time for one.
func (d *badDriver) misbehave(where string) {
	const odds, oddsOfTheRare = 75, 10
	if !d.rogue || d.roll(map[bool]int{true: oddsOfTheRare, false: odds}[where == "later Connect"]) > 0 {
		return
	}
	switch what := d.did.rarest(where); what {
	case "hangs": // for longer than anybody waits
		select {
		case <-d.over:
		case <-time.After(20 * rogueTimeout):
		}
	case "comes late": // or just in time
		time.Sleep(time.Duration(d.roll(int(4 * rogueTimeout))))
	default:
		faults[what](nil)
	}
}

func (d *badDriver) dial(ctx context.Context, p *fakePool) error {
	p.mu.Lock()
	n := p.dials
	p.mu.Unlock()
	if n > 1 {
		d.misbehave(calls[min(n, 3)-1])
		return nil
	}
	now := &d.now[p.cfg.Database[1]-'0']
	defer now.Add(-1)
	// One that was given up may go on if the driver is a rogue one, or if a Close did not wait for it.
	if now.Add(1) > 1 && !d.rogue && d.names[p.cfg.Database[1]-'0'].hurried.Load() == 0 {
		d.t.Errorf("two openings of %s at a time", p.cfg.Database)
	}
	d.misbehave("first Connect")
	switch n := d.roll(200); {
	case n == 0:
		panic("a bug in the driver")
	case n < 5:
		return errWrong
	case n < 10: // a server that is silent for some time
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	case n < 80:
		time.Sleep(time.Duration(n) * 10 * time.Microsecond)
	}
	return nil
}

// ask is the query that tests a connection.
func (d *badDriver) ask(p *fakePool) error {
	p.mu.Lock()
	n := p.tests
	p.mu.Unlock()
	d.misbehave(map[bool]string{true: "first query", false: "later query"}[n == 1])
	if d.roll(200) == 0 {
		return errWrong
	}
	return nil
}

// roll chooses a number below n.
func (d *badDriver) roll(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rand.IntN(n)
}

// user is one of the goroutines that use the manager.
type user struct {
	*model
	t    *testing.T
	rand *rand.Rand
}

// step does one thing and checks what came of it.
func (u *user) step() {
	n := u.names[u.rand.IntN(len(u.names))]
	switch dice := u.rand.IntN(1000); {
	case dice < 450:
		u.get(n)
	case dice < 800:
		u.acquire(n)
	case dice < 870:
		u.close(n)
	case dice < 940:
		u.change(n)
	case dice < 945:
		u.closeAll()
	case dice < 950:
		u.closeBehindTheBack(n)
	default:
		u.look(n)
	}
}

// context returns one that in some cases ends soon.
func (u *user) context() (context.Context, context.CancelFunc) {
	if u.rand.IntN(8) > 0 {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), time.Duration(u.rand.IntN(2000))*time.Microsecond)
}

// use queries a connection that must work unless its name was closed since the mark.
func (u *user) use(n *modelName, c *conn.Conn, since mark, what string) {
	var answer int
	query := func() error { return c.QueryRow("SELECT 2").Scan(&answer) }
	if u.rogue {
		query = guarded(query)
	}
	if err := query(); err != nil && since.undisturbed() && !u.mayFail(err) {
		u.t.Errorf("query of %s by %s: %v, and nobody closed it", n.name, what, err)
	}
	if c.Name() != n.name || c.Config().Database != n.name {
		u.t.Errorf("%s got the connection %s to %s", n.name, c.Name(), c.Config().Database)
	}
}

// guarded is f, in which database/sql may call a driver that panics or ends the goroutine.
func guarded(f func() error) func() error {
	return func() error {
		err := make(chan error, 1)
		go func() {
			failed := errBug
			defer func() {
				_ = recover() // it is the only thing that is to be known of it
				err <- failed
			}()
			failed = f()
		}()
		return <-err
	}
}

// mayFail reports whether a rogue driver does what makes such an error.
func (u *user) mayFail(err error) bool {
	_, panicked := errors.AsType[*conn.PanicError](err)
	kind := conn.KindOf(err)
	return u.rogue && (panicked || errors.Is(err, errBug) || kind == conn.KindTimeout)
}

func (u *user) get(n *modelName) {
	closing, replacing := n.closing.mark(), n.replacing.mark()
	ctx, cancel := u.context()
	defer cancel()
	version := n.version.Load()
	var c *conn.Conn
	var err error
	if n.mapped {
		c, err = u.manager.Named(ctx, n.name)
	} else {
		c, err = u.manager.Get(ctx, n.name, n.config(version))
	}
	if err != nil {
		u.failed(ctx, n, err, closing, replacing)
		return
	}
	if !n.mapped && c.Config().Password.Reveal() != fmt.Sprint(version) {
		u.t.Errorf("asked %s for version %d and got %s", n.name, version, c.Config().Password.Reveal())
	}
	if u.handles {
		u.use(n, c, closing, "a fresh Get")
	}
}

func (u *user) acquire(n *modelName) {
	closing, replacing := n.closing.mark(), n.replacing.mark()
	ctx, cancel := u.context()
	defer cancel()
	var l *manager.Lease
	var err error
	if n.mapped {
		l, err = u.manager.AcquireNamed(ctx, n.name)
	} else {
		l, err = u.manager.Acquire(ctx, n.name, n.config(n.version.Load()))
	}
	if err != nil {
		u.failed(ctx, n, err, closing, replacing)
		return
	}
	defer l.Release()
	for range 1 + u.rand.IntN(3) {
		u.use(n, l.Conn(), closing, "a lease")
		time.Sleep(time.Duration(u.rand.IntN(300)) * time.Microsecond)
	}
	if u.rand.IntN(2) == 0 {
		l.Release()
	}
}

// failed checks that there was a reason.
func (u *user) failed(ctx context.Context, n *modelName, err error, closing, replacing mark) {
	var (
		mismatch *manager.MismatchError
		unknown  *manager.UnknownNameError
		panicked *manager.PanicError
		legal    bool
	)
	switch {
	case errors.Is(err, errWrong), errors.As(err, &panicked), u.mayFail(err):
		legal = true
	case errors.As(err, &mismatch):
		// A caller who was slow may have opened it with a config that had been replaced by then.
		legal = !n.fixed && !n.mapped
	case errors.As(err, &unknown):
		gone := n.version.Load() == 0 // before the look at changes, which may bring it back
		legal = gone || !replacing.undisturbed()
	case errors.Is(err, manager.ErrClosing), errors.Is(err, manager.ErrClosed):
		legal = !closing.undisturbed()
	default:
		legal = errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil
	}
	if !legal {
		u.t.Errorf("%s: %v, for no reason", n.name, err)
	}
}

func (u *user) close(n *modelName) {
	ctx, cancel := u.context()
	defer cancel()
	before := u.fake.opened()
	behind := n.behind.mark()
	var err error
	_, hurried := ctx.Deadline()
	if hurried {
		n.hurried.Add(1)
	}
	n.closing.during(func() { err = u.manager.Close(ctx, n.name) })
	if hurried && err == nil {
		n.hurried.Add(-1)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) && !u.mayFail(err) { // perhaps that of another caller of Close
		u.t.Errorf("close %s: %v", n.name, err)
	}
	if err == nil && behind.undisturbed() { // the manager does not wait for what others are closing
		u.allClosed(int(n.forced.Load()), before, n)
	}
}

// allClosed checks that none of the pools from one to before another is open, of those of that name.
func (u *user) allClosed(from, before int, n *modelName) {
	u.fake.mu.Lock()
	defer u.fake.mu.Unlock()
	for _, p := range u.fake.pools[min(from, before):before] {
		if p.cfg.Database == n.name && p.closed != 1 {
			u.t.Errorf("a pool of %s was closed %d times after Close", p.cfg.Database, p.closed)
		}
	}
}

func (u *user) closeAll() {
	for _, n := range u.names {
		n.closing.started.Add(1)
		defer n.closing.ended.Add(1)
	}
	if err := u.manager.CloseAll(context.Background()); err != nil && !errors.Is(err, context.DeadlineExceeded) && !u.mayFail(err) {
		u.t.Errorf("close all: %v", err)
	}
}

func (u *user) closeBehindTheBack(n *modelName) {
	if n.mapped {
		return
	}
	n.behind.started.Add(1)
	defer n.behind.ended.Add(1)
	n.closing.during(func() {
		c, err := u.manager.Get(context.Background(), n.name, n.config(n.version.Load()))
		if err != nil {
			return // checked elsewhere
		}
		end := c.Close
		if u.rand.IntN(2) == 0 && !u.rogue { // database/sql does not outlive a driver that panics in this
			end = c.DB.Close
		}
		if err := end(); err != nil && !u.mayFail(err) {
			u.t.Errorf("close %s: %v", n.name, err)
		}
	})
}

// change replaces the config of a name, or reloads the map.
func (u *user) change(n *modelName) {
	if n.mapped {
		u.reloadMap()
		return
	}
	n.replace.Lock()
	defer n.replace.Unlock()
	closing := n.closing.mark()
	ctx, cancel := u.context()
	defer cancel()
	n.replacing.during(func() {
		next := n.version.Load() + 1
		if n.fixed {
			next--
		}
		err := u.manager.Replace(ctx, n.name, n.config(next))
		if err == nil {
			n.version.Store(next)
			return
		}
		u.failed(ctx, n, err, closing, n.replacing.mark())
	})
}

func (u *user) reloadMap() {
	u.reload.Lock()
	defer u.reload.Unlock()
	configs := make(map[string]conn.Config)
	versions := make(map[*modelName]int64)
	for _, n := range u.names {
		if !n.mapped {
			continue
		}
		// It may close, replace, or fail to replace the connection of any of them.
		for _, c := range []*changes{&n.closing, &n.replacing} {
			c.started.Add(1)
			defer c.ended.Add(1)
		}
		versions[n] = 0
		if u.rand.IntN(4) > 0 {
			versions[n] = 1 + int64(u.rand.IntN(3))
			configs[n.name] = n.config(versions[n])
		}
	}
	err := u.manager.Reload(context.Background(), configs)
	if errors.Is(err, context.Canceled) {
		u.t.Errorf("reload: %v", err)
	}
	if err == manager.ErrClosing { // and then nothing has changed, or else it is in the errors of names
		return
	}
	for n, version := range versions {
		n.version.Store(version)
	}
}

// look asks for what can be seen.
func (u *user) look(n *modelName) {
	for _, s := range u.manager.Stats() {
		if s.Leases < 0 || s.DB.InUse < 0 {
			u.t.Errorf("%+v", s)
		}
	}
	if len(u.manager.Names()) > len(u.names) {
		u.t.Errorf("names %v", u.manager.Names())
	}
	u.manager.Has(n.name)
}

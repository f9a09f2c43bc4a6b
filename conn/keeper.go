package conn

import (
	"context"
	"database/sql"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/observer"
)

const (
	defaultCheckInterval = 15 * time.Second
	dialsAtOnce          = 4           // more would look like an attack to a server that is just starting
	firstPause           = time.Second // after a failure; doubles with each further one, up to the interval
	firstAuthPause       = time.Minute // likewise, up to longestAuthPause: repeating it can lock the user out
	longestAuthPause     = 10 * time.Minute
	suspectPause         = time.Second // between two rounds of asking for roles
)

// keeper keeps Pool.Min connections ready, which database/sql does not know of: it replaces those that died
// while idle, and those that are old before all of a warmed pool are at the same time.
//
// database/sql hands out the connection that was used last. So a keeper that takes connections one by one
// would get the same one each time; it takes as many as it looks after at once. The ones below them in the
// pool are beyond Min and left to expire.
type keeper struct {
	pool     *connector
	min      int // connections
	interval time.Duration

	ctx    context.Context
	cancel context.CancelFunc
	busy   chan struct{} // full during a check

	failures int   // of checks, in a row
	waits    int64 // sql.DBStats.WaitCount at the last check
}

func newKeeper(pool *connector, interval time.Duration) *keeper {
	k := &keeper{pool: pool, min: pool.limits.Min, interval: interval, busy: make(chan struct{}, 1)}
	if k.interval <= 0 {
		k.interval = defaultCheckInterval
	}
	if idle := maxIdleTime(pool.limits); idle > 0 && k.min > 0 { // a check counts as a use, and must come before the connection expires
		k.interval = min(k.interval, max(idle/2, 100*time.Millisecond))
	}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

// warm tests the first connection, whose dial began at start, and meanwhile fills the pool: one login succeeded, so
// further ones cannot lock the account. err is that of the test; failed is that of a further connection, which the event has.
// If the test fails, the others are left to the next attempt.
func (k *keeper) warm(ctx context.Context, start time.Time, first *sql.Conn) (warmed observer.Event, failed, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var filling sync.WaitGroup
	filling.Go(func() { _, failed = k.fill(ctx) })
	if err = k.pool.test(ctx, start, first); err != nil {
		cancel()
	}
	filling.Wait()
	return k.event(k.pool.db.Stats().OpenConnections, start, failed), failed, err
}

func (k *keeper) event(ready int, start time.Time, err error) observer.Event {
	d := diagnose(err, k.pool.driver)
	return Warmed{k.pool.name, k.pool.dialect, ready, k.min, time.Since(start), d.Kind, d.Hint, shown(err)}
}

// run checks the pool until it is stopped, for the first time after a pause.
func (k *keeper) run(pause time.Duration) {
	next := time.NewTimer(pause)
	var again <-chan time.Time // to ask suspects that could not be asked
	delay, last := grace, time.Time{}
	for {
		isDue := false
		select {
		case <-k.ctx.Done():
			return
		case <-k.pool.kick:
			delay = grace
			if soon := suspectPause - time.Since(last); soon > 0 { // a program that errs is no reason to ask all the time
				again = time.After(soon)
				continue
			}
		case <-again:
		case <-next.C:
			isDue = true
			k.pool.health.triesAt(time.Time{})
		}
		k.busy <- struct{}{}
		if k.pool.role != RoleAny {
			again, last = nil, time.Now()
			switch left := k.askRoles(); {
			case left && delay < k.interval:
				again = time.After(delay)
				delay *= 2
			case left: // what is used for longer than that is asked when its turn comes
				k.pool.trust(nil)
			}
		}
		if isDue {
			next.Reset(k.pause(k.checkAndTell()))
		} else {
			<-k.busy
		}
	}
}

// checkAndTell is check, at whose end k is not busy any more. It tells the bus then, so that a listener may close the connection,
// which waits for that.
func (k *keeper) checkAndTell() error {
	start := time.Now()
	ready, changed, err := k.check()
	<-k.busy
	if changed && k.ctx.Err() == nil {
		k.pool.emit(k.event(ready, start, err))
	}
	return err
}

// pause is how long to wait before the next check after one that ended with err. A fifth of it is left to chance, so that the
// pools of many processes do not check in step.
func (k *keeper) pause(err error) time.Duration {
	pause := k.interval
	if err != nil {
		first, longest := firstPause, k.interval
		if diagnose(err, k.pool.driver).Kind == KindAuth {
			first, longest = firstAuthPause, longestAuthPause
		}
		pause = min(first<<min(k.failures, 20), longest)
	}
	pause -= time.Duration(rand.Int64N(int64(pause)/5 + 1))
	if k.failures++; err == nil {
		k.failures = 0
	} else {
		k.pool.health.triesAt(time.Now().Add(pause))
	}
	return pause
}

// stop ends the keeper and waits until it has let go of all connections, unless the driver does not return.
func (k *keeper) stop() {
	k.cancel()
	select {
	case k.busy <- struct{}{}:
		<-k.busy // a check that begins now gets no connection
	case <-time.After(2 * grace):
	}
}

// check tests up to Min idle connections, each as long as the connect timeout, and then makes up for those that are
// missing, with as long for each. It keeps out of the way of callers: it does nothing while they have Min in use
// themselves or have had to wait, leaves one connection to them, and lets go of what it has when one waits all the same.
func (k *keeper) check() (ready int, changed bool, err error) {
	stats := k.pool.stats()
	waited := stats.WaitCount != k.waits
	k.waits = stats.WaitCount
	need := k.min - stats.InUse
	if waited || need <= 0 {
		return stats.OpenConnections, false, nil
	}
	ctx, cancel := context.WithCancel(k.ctx)
	defer cancel()
	go k.watch(ctx, stats.WaitCount, cancel)

	n := min(need, stats.Idle)
	left := n > 1 && stats.MaxOpenConnections > 0 && stats.InUse+n >= stats.MaxOpenConnections
	if left {
		n--
	}
	tested := new(sync.Map)
	alive := k.testIdle(ctx, n, tested)
	if left { // the one at the bottom, for which the others have to be taken out for a moment
		alive += k.testIdle(ctx, math.MaxInt, tested)
	}
	opened := 0
	if ctx.Err() == nil { // else callers see to it, or the pool is closed
		cancel()
		opened, err = k.fill(k.ctx) // those who wait for it get it
	}
	return stats.InUse + alive + opened, err != nil || opened > 0, err
}

// watch ends the tests of a check when a caller has to wait during it.
func (k *keeper) watch(ctx context.Context, waits int64, cancel context.CancelFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(grace):
			if k.pool.stats().WaitCount != waits {
				cancel()
			}
		}
	}
}

// toAnswer is the limit of what begins now and asks connections.
func (k *keeper) toAnswer() *limit {
	return &limit{time.Now(), k.pool.patience(), "not answered within", "the pool was checked"}
}

// testIdle takes up to n idle connections, the ones that were returned last, and gives each back when it has answered. Those
// that are dead or old are closed. It returns how many are alive, without those in tested, to which it adds them.
func (k *keeper) testIdle(ctx context.Context, n int, tested *sync.Map) int {
	l := k.toAnswer()
	var alive atomic.Int32
	k.eachIdle(ctx, n, func(one *sql.Conn) {
		dc := identity(one)
		if _, known := tested.Load(dc); known {
			k.pool.release(one)
		} else if k.pool.logins.of(dc).isOld() {
			k.pool.retire(one)
		} else if _, err := k.pool.ask(ctx, l, one, k.pool.query); err == nil {
			if dc != nil {
				tested.Store(dc, true)
			}
			alive.Add(1)
			k.pool.release(one)
		}
	})
	return int(alive.Load())
}

// eachIdle takes up to n idle connections and calls f with each, all at the same time: a silent server takes its time. It calls
// f less often where one was dead, or a caller was quicker.
func (k *keeper) eachIdle(ctx context.Context, n int, f func(*sql.Conn)) {
	n = min(n, k.pool.stats().Idle)
	// database/sql takes a connection out of the pool before it has the driver reset it. So that each gets another one,
	// f gets none before all are taken, or a driver takes the time of a round trip to reset one.
	var taken, done sync.WaitGroup
	taken.Add(n)
	all := make(chan struct{})
	go func() {
		taken.Wait()
		close(all)
	}()
	for range n {
		done.Go(func() {
			one, err := k.pool.takeIdle(ctx, k.pool.patience())
			taken.Done()
			if err != nil {
				return
			}
			select {
			case <-all:
			case <-time.After(grace):
			}
			f(one)
		})
	}
	done.Wait()
}

// fill opens the connections that are missing, dialsAtOnce at a time, and returns how many and the first error, after which it
// opens no further one. It leaves a place to callers, and gives them each connection as soon as it is there. While there are no
// callers it keeps them until it has all, or they would have to be taken out of the pool before the next ones are opened.
func (k *keeper) fill(ctx context.Context) (opened int, err error) {
	var held []*sql.Conn
	keep := func(one *sql.Conn) {
		if k.pool.hasCallers() {
			k.pool.release(one)
		} else {
			held = append(held, one)
		}
	}
	defer func() { k.giveBack(held) }()
	n := k.min - k.pool.stats().OpenConnections
	for opened < n && err == nil {
		batch := min(n-opened, dialsAtOnce, k.room())
		if opened == 0 && k.pool.hasCallers() { // the server may not let the user in any more, and four failures lock him out
			batch = min(batch, 1)
		}
		if batch <= 0 {
			return opened, nil
		}
		var now int
		if now, err = k.dial(ctx, batch, keep); now == 0 {
			break
		}
		opened += now
	}
	return opened, err
}

func (k *keeper) giveBack(held []*sql.Conn) {
	for _, one := range held {
		k.pool.release(one)
	}
}

// hasCallers reports whether Open has returned.
func (c *connector) hasCallers() bool { return c.lazy != nil || c.isOpen.Load() }

// room is how many connections may be opened so that the next caller finds one, or a place for one. A pool of one
// connection is filled all the same, and so is one that has no callers yet.
func (k *keeper) room() int {
	stats := k.pool.stats()
	most := stats.MaxOpenConnections
	if most == 0 {
		return math.MaxInt
	}
	free := most - stats.OpenConnections
	if most == 1 || !k.pool.hasCallers() {
		return free
	}
	return min(free, free+stats.Idle-1)
}

// dial opens n connections at the same time and calls keep with each. database/sql opens one only if none is idle: those that
// are, are taken out until it has begun with all.
func (k *keeper) dial(ctx context.Context, n int, keep func(*sql.Conn)) (opened int, err error) {
	idle := k.takeAllIdle(ctx)
	var begun sync.WaitGroup
	begun.Add(n)
	type dialed struct {
		one *sql.Conn
		err error
	}
	results := make(chan dialed, n)
	for range n {
		go func() {
			one, err := k.dialOne(ctx, &begun)
			results <- dialed{one, err}
		}()
	}
	begun.Wait()
	k.giveBack(idle)
	for range n {
		switch r := <-results; {
		case r.err == nil:
			opened++
			keep(r.one)
		case err == nil && r.err != errNotIdle:
			err = r.err
		}
	}
	return opened, err
}

// takeAllIdle takes the idle connections out of the pool, all at the same time: the driver may take the time of a round trip
// for each.
func (k *keeper) takeAllIdle(ctx context.Context) (held []*sql.Conn) {
	var mu sync.Mutex
	for {
		before := len(held)
		k.eachIdle(ctx, math.MaxInt, func(one *sql.Conn) {
			mu.Lock()
			held = append(held, one)
			mu.Unlock()
		})
		if len(held) == before {
			return held
		}
	}
}

// dialOne opens a connection, tells begun when that has begun, and returns it when that has for all. The error is errNotIdle
// where there was no place for one.
func (k *keeper) dialOne(ctx context.Context, begun *sync.WaitGroup) (*sql.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queued := time.AfterFunc(grace, cancel) // callers were quicker and have all places
	var began atomic.Bool
	begin := func() error {
		if !began.Swap(true) {
			queued.Stop()
			begun.Done()
		}
		return nil
	}
	l := k.pool.toConnect(time.Now(), "the pool was filled")
	l.after = k.pool.patience()
	one, err := k.pool.take(ctx, l, begin)
	if err != nil && !began.Load() {
		err = errNotIdle
	}
	_ = begin()
	begun.Wait()
	return one, err
}

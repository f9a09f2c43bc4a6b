package conn

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

const (
	defaultCheckInterval = 15 * time.Second
	dialsAtOnce          = 4           // more would look like an attack to a server that is just starting
	firstPause           = time.Second // after a failure; doubles with each further one, up to the interval
	firstAuthPause       = time.Minute // likewise, up to longestAuthPause: repeating it can lock the user out
	longestAuthPause     = 10 * time.Minute
)

// keeper keeps Pool.Min connections ready, which database/sql does not know of: it replaces those that died
// while idle, and those that are old before all of a warmed pool are at the same time.
//
// database/sql hands out the connection that was used last. So a keeper that takes connections one by one
// would get the same one each time; it takes as many as it looks after at once. The ones below them in the
// pool are beyond Min and left to expire.
type keeper struct {
	db       *sql.DB
	pool     *connector
	min, max int // of connections; max 0: unlimited
	interval time.Duration
	lifetime time.Duration // 0: unlimited
	timeout  time.Duration // of a check

	ctx    context.Context
	cancel context.CancelFunc
	busy   chan struct{} // full during a check

	waits   int64             // sql.DBStats.WaitCount at the last check
	expires map[any]time.Time // by driver connection
}

func newKeeper(db *sql.DB, pool *connector, p Pool, interval time.Duration) *keeper {
	k := &keeper{
		db: db, pool: pool, min: p.Min, max: maxOpen(p), interval: interval, lifetime: max(p.MaxLifetime, 0),
		timeout: pool.timeout, busy: make(chan struct{}, 1), expires: make(map[any]time.Time),
	}
	if k.interval <= 0 {
		k.interval = defaultCheckInterval
	}
	if idle := maxIdleTime(p); idle > 0 { // a check counts as a use, and must come before the connection expires
		k.interval = min(k.interval, max(idle/2, 100*time.Millisecond))
	}
	if k.timeout <= 0 {
		k.timeout = registry.DefaultConnectTimeout
	}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

// warm tests the first connection, whose dial began at start, and meanwhile fills the pool: one login succeeded, so
// further ones cannot lock the account. The error is that of the test; that of a further connection is in the event.
func (k *keeper) warm(ctx context.Context, start time.Time, first *sql.Conn) (Warmed, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	k.expired(first)
	var held []*sql.Conn
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		held, failed = k.take(ctx, k.min-1)
	}()
	err := k.pool.ask(ctx, start, first)
	if err != nil {
		cancel()
	}
	<-done
	release(held...)
	return k.event(1+len(held), start, failed), err
}

func (k *keeper) event(ready int, start time.Time, err error) Warmed {
	return Warmed{k.pool.name, k.pool.dialect, ready, k.min, time.Since(start), err}
}

// run checks the pool until it is stopped.
func (k *keeper) run(err error) {
	failures := 0
	for {
		if err == nil {
			failures = 0
		} else {
			failures++
		}
		select {
		case <-k.ctx.Done():
			return
		case <-time.After(k.pause(err, failures)):
		}
		k.busy <- struct{}{}
		start := time.Now()
		var ready int
		var changed bool
		ready, changed, err = k.check()
		<-k.busy
		// Not a part of the check, so that a listener may close the connection, which waits for that.
		if changed && k.ctx.Err() == nil {
			observer.Emit(k.pool.bus, k.event(ready, start, err))
		}
	}
}

// pause is how long to wait before the next check, with a fifth of it left to chance, so that the pools of many
// processes do not check in step.
func (k *keeper) pause(err error, failures int) time.Duration {
	pause := k.interval
	if err != nil {
		first, longest := firstPause, k.interval
		if diagnose(err, k.pool.driver).Kind == KindAuth {
			first, longest = firstAuthPause, longestAuthPause
		}
		pause = min(first<<min(failures-1, 20), longest)
	}
	return pause - time.Duration(rand.Int64N(int64(pause)/5+1))
}

// stop ends the keeper and waits until it has let go of all connections.
func (k *keeper) stop() {
	k.cancel()
	k.busy <- struct{}{}
	<-k.busy // a check that begins now gets no connection
}

// check tests up to Min idle connections and makes up for those that are missing. It keeps out of the way of
// callers: it does nothing while they wait for connections or have Min in use themselves.
func (k *keeper) check() (ready int, changed bool, err error) {
	stats := k.db.Stats()
	waited := stats.WaitCount != k.waits
	k.waits = stats.WaitCount
	need := k.min - stats.InUse
	if waited || need <= 0 {
		return stats.OpenConnections, false, nil
	}
	var dialed atomic.Int32 // also where database/sql finds an idle connection dead and opens another by itself
	ctx, cancel := context.WithTimeout(context.WithValue(k.ctx, dialedKey{}, &dialed), k.timeout)
	defer cancel()
	held, err := k.take(ctx, need)

	ready = stats.InUse
	if len(held) > 1 && k.max > 0 && stats.InUse+len(held) >= k.max {
		// Leave one to callers while the others wait for the network: the one that was returned last, which is
		// not the one that was left out last time.
		release(held[0])
		held = held[1:]
		ready++
	}
	alive := k.test(ctx, held)
	if dead := len(held) - len(alive); dead > 0 && err == nil {
		held, err = k.take(ctx, dead)
		alive = append(alive, held...)
	}
	ready += len(alive)
	release(alive...)
	k.forget()
	if k.ctx.Err() != nil {
		return ready, false, nil
	}
	return ready, err != nil || dialed.Load() > 0, err
}

// dialedKey is that of a counter of connections in the context of a check.
type dialedKey struct{}

// take gets n connections at the same time: the idle ones, the one that was returned last first, and then new
// ones, of which a check dials one before the others. The error is that of the first that failed; after it no
// further one is dialed.
func (k *keeper) take(ctx context.Context, n int) (held []*sql.Conn, err error) {
	var mu sync.Mutex
	one := func(int) {
		mu.Lock()
		failed := err != nil
		mu.Unlock()
		if failed {
			return
		}
		c, e := k.db.Conn(ctx)
		mu.Lock()
		if e == nil {
			held = append(held, c)
			k.expired(c) // from the first time it is seen its age counts
		} else if err == nil {
			err = e
		}
		mu.Unlock()
	}
	for len(held) < n && err == nil && k.db.Stats().Idle > 0 {
		one(len(held))
	}
	if k.pool.isOpen() && len(held) < n { // the server may not let the user in any more, and four failures lock him out
		one(len(held))
	}
	inParallel(n-len(held), one)
	return held, err
}

// test asks each connection, retires those that are dead or old, and returns the others.
func (k *keeper) test(ctx context.Context, held []*sql.Conn) (alive []*sql.Conn) {
	bad := make([]bool, len(held))
	for i, c := range held {
		bad[i] = k.expired(c)
	}
	inParallel(len(held), func(i int) {
		bad[i] = bad[i] || k.pool.try(ctx, held[i]) != nil
	})
	for i, c := range held {
		if bad[i] {
			retire(c)
		} else {
			alive = append(alive, c)
		}
	}
	return alive
}

// expired reports whether a connection is due for replacement, and notes when it will be if it is new: at a
// random moment in the last quarter of its lifetime.
func (k *keeper) expired(c *sql.Conn) (due bool) {
	if k.lifetime == 0 {
		return false
	}
	// A connection that is closed already is not due; the test will tell.
	_ = c.Raw(func(dc any) error {
		if !reflect.ValueOf(dc).Comparable() {
			return nil
		}
		at, known := k.expires[dc]
		if !known {
			at = time.Now().Add(k.lifetime - time.Duration(rand.Int64N(int64(k.lifetime)/4+1)))
			k.expires[dc] = at
		}
		due = time.Now().After(at)
		return nil
	})
	return due
}

// forget drops the notes on connections that database/sql has replaced by now.
func (k *keeper) forget() {
	for dc, at := range k.expires {
		if time.Since(at) > k.lifetime {
			delete(k.expires, dc)
		}
	}
}

// release gives connections back to the pool.
func release(held ...*sql.Conn) {
	for _, c := range held {
		// It fails only for a connection that is closed already.
		_ = c.Close()
	}
}

// inParallel calls f for 0 to n-1, dialsAtOnce at a time, and returns when all have returned.
func inParallel(n int, f func(i int)) {
	slots := make(chan struct{}, dialsAtOnce)
	for i := range n {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }() // also if the driver ends the goroutine
			f(i)
		}()
	}
	for range dialsAtOnce {
		slots <- struct{}{}
	}
}

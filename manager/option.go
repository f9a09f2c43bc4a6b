package manager

import (
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/observer"
)

// Option changes how a [Manager] works.
type Option func(*settings)

type settings struct {
	limit   int
	idle    time.Duration
	timeout time.Duration
	grace   time.Duration
	bus     *observer.Bus
	opts    []func(name string, cfg conn.Config) []conn.Option
	configs map[string]conn.Config

	starveAfter time.Duration
	profile     bool // what the program does in database/sql then
	holdAfter   time.Duration
}

const (
	defaultCloseTimeout = 5 * time.Second
	defaultGrace        = 30 * time.Second
	defaultStarveAfter  = time.Second
	unlimited           = time.Duration(1) << 62 // 146 years
)

// WithConfigs gives the manager the configs of names, so that [Manager.Named] is enough to open them. Nothing
// is opened yet. [Manager.Reload] changes them.
func WithConfigs(configs map[string]conn.Config) Option {
	return func(s *settings) { s.configs = configs }
}

// WithLimit bounds how many connections are open at a time: before a further one is opened, the one that was
// used least recently is evicted. A connection that is leased, has a query running or came by Track is never
// evicted; where all are like that, openings wait in their order until one is not, or the context ends. Replace goes beyond
// the limit by one while it lasts. An evicted connection that someone may have a handle of keeps no idle
// connections during its grace period, and at most n have such a period at a time. Default and negative: no limit.
//
// Between two openings only the first use of a connection counts for the order. A database in memory is gone when it is
// evicted.
func WithLimit(n int) Option { return func(s *settings) { s.limit = n } }

// WithIdleTime evicts connections that were not asked for and had no query running for d, checked four times
// in d. Default and negative: connections stay open.
func WithIdleTime(d time.Duration) Option { return func(s *settings) { s.idle = d } }

// WithCloseTimeout bounds how long closing one connection waits for its leases and queries before they are cut
// off. Default 5 s; negative: no limit.
func WithCloseTimeout(d time.Duration) Option {
	return func(s *settings) { s.timeout = orDefault(d, defaultCloseTimeout, unlimited) }
}

// WithGrace sets the grace period: how long a handle from Get or Named works after its connection was replaced or
// evicted. Default 30 s; negative: none.
func WithGrace(d time.Duration) Option {
	return func(s *settings) { s.grace = orDefault(d, defaultGrace, 0) }
}

// WithStarveAfter sets after which time a pool is exhausted of which all connections are in use and for which callers
// wait; see [Starved]. Default 1 s; negative: nobody looks. Looking takes a microsecond for each pool, twice in d.
func WithStarveAfter(d time.Duration) Option {
	return func(s *settings) { s.starveAfter = orDefault(d, defaultStarveAfter, 0) }
}

// WithStarveProfile adds to [Starved] what the program does in database/sql at that moment, which shows where the
// connections are. For that the program stands still for a moment, once for each spell: about 10 ms with 10,000 goroutines.
func WithStarveProfile() Option { return func(s *settings) { s.profile = true } }

// WithLeaseWarning tells of leases that were not released within d, with the stack of those who took them; see [Held].
// Taking a lease then costs a stack trace and a lock. Default and negative: nobody looks.
func WithLeaseWarning(d time.Duration) Option { return func(s *settings) { s.holdAfter = max(d, 0) } }

// WithObserver sends the events of the manager and of its connections to b in place of [observer.Default]; nil
// sends them nowhere.
func WithObserver(b *observer.Bus) Option { return func(s *settings) { s.bus = b } }

// WithConnOptions opens every connection with these options; those that a call is given come after them.
func WithConnOptions(opts ...conn.Option) Option {
	return WithConnOptionsFunc(func(string, conn.Config) []conn.Option { return opts })
}

// WithConnOptionsFunc opens each connection with the options that f returns for its name and config, also where
// [Manager.Named] or [Manager.Reload] opens it: a dialer for those behind a tunnel, a function for logins that a config
// cannot name. It is called for every opening, concurrently, and gets a config of its own. Of several, and beside
// [WithConnOptions], each adds to the options of those before it.
func WithConnOptionsFunc(f func(name string, cfg conn.Config) []conn.Option) Option {
	return func(s *settings) { s.opts = append(s.opts, f) }
}

func orDefault(d, zero, negative time.Duration) time.Duration {
	switch {
	case d == 0:
		return zero
	case d < 0:
		return negative
	}
	return d
}

package conn

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// Open opens the database that cfg describes and tests it with a query. A failure that may pass, such as a
// server that refuses connections because it is starting, is tried again as Config.Retry says. The error is an
// [*Error], and nothing is left behind. ctx bounds the opening, attempts and waits included, and has no
// influence afterwards; each attempt is bounded by the config's ConnectTimeout as well.
//
// With Config.Lazy it does what needs no database and returns. The first statement connects, the pool is filled in the
// background, and the [Opened] event comes with the first connection. Until then each attempt that fails in another way than
// the one before, and one in a second, sends a [Failed] event, and [Conn.Pending] says why.
func Open(ctx context.Context, cfg Config, opts ...Option) (*Conn, error) {
	return open(ctx, &cfg, newOptions(defaultName, opts))
}

// OpenURL opens the database that a URL describes; [ParseURL] has the forms.
func OpenURL(ctx context.Context, url string, opts ...Option) (*Conn, error) {
	o := newOptions(defaultName, opts)
	cfg, err := o.registry.ParseURL(url)
	if err != nil {
		return nil, o.fail(&Error{Name: o.name, Kind: KindConfig, Err: err})
	}
	return open(ctx, &cfg, o)
}

// Test opens the database that cfg describes as [Open] does, with a single connection and not lazily, and closes it. It
// creates nothing: the file of an SQLite database must exist.
func Test(ctx context.Context, cfg Config, opts ...Option) error {
	o := newOptions(testName, opts)
	o.noCreate, o.test = true, true
	c, err := open(ctx, &cfg, o)
	if err != nil {
		return err
	}
	return c.close(ctx)
}

func open(ctx context.Context, given *Config, o *options) (*Conn, error) {
	start := time.Now()
	c, cfg, failed := prepare(given, o)
	if failed == nil {
		if failed = c.prepareReader(cfg, o); failed != nil {
			_ = do(over, c.pool.Close) // what goes wrong is of no use to who gets the other error
		}
	}
	if failed != nil {
		return nil, o.fail(failed)
	}
	if cfg.Lazy {
		c.startLazily(start, o.check)
		c.startReader(o.check)
		return c, nil
	}
	k := c.makePool(o.check)
	var warmed observer.Event
	var failedToFill error
	attempts, err := c.pool.attempt(ctx, &cfg.Retry, o.onRetry, func(ctx context.Context) error {
		start := time.Now()
		return c.pool.through(ctx, start, func(one *sql.Conn) (err error) {
			if k == nil || k.min == 0 {
				return c.pool.test(ctx, start, one)
			}
			warmed, failedToFill, err = k.warm(ctx, start, one)
			return err
		})
	})
	if err != nil {
		return nil, o.fail(c.pool.explain(c.drop(err), attempts))
	}
	c.pool.isOpen.Store(true)
	if k != nil {
		go k.run(k.pause(failedToFill))
	}
	c.pool.emit(Opened{o.name, c.Dialect(), attempts, time.Since(start)})
	c.pool.emit(warmed) // nil without a Min
	c.startReader(o.check)
	return c, nil
}

// makePool makes the pool, and its keeper if it has a Min or servers with a Role.
func (c *Conn) makePool(check time.Duration) (k *keeper) {
	c.DB = sql.OpenDB(c.pool)
	c.pool.db = c.DB
	limitPool(c.DB, c.pool.limits)
	if c.pool.limits.Min > 0 || c.pool.role != RoleAny && c.pool.upkeep != nil {
		k = newKeeper(c.pool, check)
		c.pool.keeper = k
	}
	return k
}

// startLazily makes the pool, whose opening began at start, and lets its keeper fill it in the background.
func (c *Conn) startLazily(start time.Time, check time.Duration) {
	c.pool.lazy = &laziness{since: start}
	if k := c.makePool(check); k != nil {
		go k.run(0)
	}
}

// prepare does all that needs no I/O. It returns the config that is opened as well, with its DSN read.
func prepare(given *Config, o *options) (*Conn, *Config, *Error) {
	e := &Error{Name: o.name, Dialect: given.Dialect, Kind: KindConfig}
	c, cfg, err := o.build(given, e)
	if err == nil {
		return c, cfg, nil
	}
	if e.Err = err; is[*PanicError](err) {
		e.Kind = KindUnknown
	}
	return nil, nil, e
}

// build is prepare without the error around its error: it notes in e what it learns of the database.
func (o *options) build(given *Config, e *Error) (*Conn, *Config, error) {
	cfg, d, err := o.resolve(given)
	if err == nil {
		err = cfg.Validate()
	} else if (Config{Dialect: given.Dialect}).Validate() != nil { // nothing of it may be shown
		e.Dialect, err = "", given.Validate()
	}
	if err != nil {
		return nil, nil, err
	}
	if o.test {
		cfg.Pool, cfg.Lazy = Pool{Max: 1}, false // and no Min to warm
	}
	each, err := cfg.HostConfigs()
	if err != nil {
		return nil, nil, err
	}
	info := d.Info()
	switch {
	case info.Files && len(cfg.Hosts) > 0:
		return nil, nil, registry.NewConfigError("hosts", "has no meaning for "+info.Dialect+", which opens files", "leave it out")
	case cfg.Role != RoleAny && info.RoleQuery == "":
		return nil, nil, registry.NewConfigError("role", "cannot be had: the dialect "+info.Dialect+" cannot tell the role of a server", "leave it out")
	case o.serverOnly && info.Files:
		return nil, nil, fmt.Errorf("the dialect %s does not support ServerOnly: leave it out", info.Dialect)
	}
	e.Dialect, e.Target = info.Dialect, target(cfg, each, &info)
	pool := &connector{
		timeout: max(cmp.Or(cfg.ConnectTimeout, registry.DefaultConnectTimeout), 0),
		name:    o.name, target: e.Target, driver: d, dialect: info.Dialect,
		query: cmp.Or(info.TestQuery, "SELECT 1"), roleQuery: info.RoleQuery, args: info.QueryArgs, bus: o.bus,
		session: o.session, limits: cfg.Pool,
		order: cfg.HostOrder, several: len(cfg.Hosts) > 0,
	}
	pool.closing.Add(1)
	if cfg.Role != RoleAny {
		pool.role, pool.kick = cfg.Role, make(chan struct{}, 1)
	}
	if !info.Files {
		pool.upkeep = newUpkeep(o)
		pool.share = min(max(pool.patience()/time.Duration(len(each)), leastShare), pool.patience())
	}
	for i := range each {
		h, err := pool.newHost(&each[i], &info, o)
		if err != nil {
			return nil, nil, err
		}
		pool.hosts = append(pool.hosts, h)
	}
	return &Conn{cfg: given.Clone(), pool: pool}, cfg, nil
}

// resolve calls the driver to read the DSN and its own words.
func (o *options) resolve(given *Config) (*Config, registry.Driver, error) {
	cfg := *given
	var d registry.Driver
	err := do(context.Background(), func() (err error) {
		d, err = o.registry.Resolve(&cfg)
		return err
	})
	return &cfg, d, err
}

// fail tells the bus that opening failed and returns the error.
func (o *options) fail(e *Error) error {
	observer.Emit(o.bus, Failed{e.Name, e.Dialect, e.Kind, e.Hint, e})
	return e
}

package conn

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// Open opens the database that cfg describes and tests it with a query. A failure that may pass, such as a
// server that refuses connections because it is starting, is tried again as [Retry] says. The error is an
// [*Error], and nothing is left behind. ctx bounds the opening, attempts and waits included, and has no
// influence afterwards; each attempt is bounded by the config's ConnectTimeout as well.
func Open(ctx context.Context, cfg Config, opts ...Option) (*Conn, error) {
	return open(ctx, cfg, newOptions(defaultName, opts))
}

// OpenURL opens the database that a URL describes; [ParseURL] has the forms.
func OpenURL(ctx context.Context, url string, opts ...Option) (*Conn, error) {
	o := newOptions(defaultName, opts)
	cfg, err := o.registry.ParseURL(url)
	if err != nil {
		return nil, o.fail(&Error{Name: o.name, Kind: KindConfig, Err: err})
	}
	return open(ctx, cfg, o)
}

// Test opens the database that cfg describes as [Open] does, with a single connection, and closes it. It
// creates nothing: the file of an SQLite database must exist.
func Test(ctx context.Context, cfg Config, opts ...Option) error {
	o := newOptions(testName, opts)
	o.noCreate = true
	cfg.Pool = Pool{Max: 1} // and no Min to warm
	c, err := open(ctx, cfg, o)
	if err != nil {
		return err
	}
	return c.close(ctx)
}

func open(ctx context.Context, cfg Config, o *options) (*Conn, error) {
	start := time.Now()
	c, failed := prepare(cfg, o)
	if failed != nil {
		return nil, o.fail(failed)
	}
	db := sql.OpenDB(c.pool)
	c.DB, c.pool.db = db, db
	limitPool(db, cfg.Pool)
	var k *keeper
	if cfg.Pool.Min > 0 {
		k = newKeeper(c.pool, cfg.Pool, o.check)
	}
	var warmed Warmed
	attempts, err := c.pool.attempt(ctx, o.retry, func(ctx context.Context) (err error) {
		start := time.Now()
		if k == nil {
			return c.pool.try(ctx, start)
		}
		first, err := c.pool.take(ctx, c.pool.toConnect(start, "waiting for a connection"))
		if err != nil {
			return err
		}
		if warmed, err = k.warm(ctx, start, first); err == nil {
			c.pool.release(over, first)
		}
		return err
	})
	if err != nil {
		c.drop()
		return nil, o.fail(c.pool.explain(err, attempts))
	}
	c.pool.opened()
	if k != nil {
		c.pool.keeper = k
		go k.run(warmed.Err)
	}
	observer.Emit(o.bus, Opened{o.name, c.Dialect(), attempts, time.Since(start)})
	if k != nil {
		observer.Emit(o.bus, warmed)
	}
	return c, nil
}

// prepare does all that needs no I/O.
func prepare(cfg Config, o *options) (*Conn, *Error) {
	fail := func(err error) (*Conn, *Error) {
		return nil, &Error{Name: o.name, Dialect: cfg.Dialect, Kind: KindConfig, Err: err}
	}
	if err := cfg.Validate(); err != nil {
		if (Config{Dialect: cfg.Dialect}).Validate() != nil { // it may be a whole connection string
			cfg.Dialect = ""
		}
		return fail(err)
	}
	d, err := o.registry.Lookup(cfg.Dialect)
	if err != nil {
		return fail(err)
	}
	info := d.Info()
	if o.serverOnly && info.Files {
		return fail(fmt.Errorf("the dialect %s does not support ServerOnly: leave it out", info.Dialect))
	}
	pool := &connector{
		done:    make(chan struct{}),
		timeout: max(cmp.Or(cfg.ConnectTimeout, registry.DefaultConnectTimeout), 0),
		name:    o.name, target: target(&cfg, info), driver: d, dialect: info.Dialect,
		query: cmp.Or(info.TestQuery, "SELECT 1"), args: info.QueryArgs, bus: o.bus,
	}
	env := registry.Env{
		Dial: o.dial, Watch: pool.watch, Credentials: o.askFor(cfg), Warn: pool.warn,
		NoCreate: o.noCreate, NoDatabase: o.serverOnly,
	}
	pool.base, err = recovered(func() (driver.Connector, error) { return d.Connector(cfg.Clone(), env) })
	if err != nil {
		kind := KindConfig
		if is[*PanicError](err) {
			kind = KindUnknown
		}
		return nil, &Error{Name: o.name, Dialect: info.Dialect, Target: pool.target, Kind: kind, Err: err}
	}
	pool.inner = pool.base
	for _, wrap := range o.wrap {
		pool.inner, pool.wrapped = wrap(pool.inner), true
	}
	return &Conn{cfg: cfg.Clone(), pool: pool}, nil
}

// fail tells the bus that opening failed and returns the error.
func (o *options) fail(e *Error) error {
	observer.Emit(o.bus, Failed{e.Name, e.Dialect, e.Kind, e})
	return e
}

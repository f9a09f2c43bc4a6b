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
	return c.Close()
}

func open(ctx context.Context, cfg Config, o *options) (*Conn, error) {
	start := time.Now()
	c, failed := prepare(cfg, o)
	if failed != nil {
		return nil, o.fail(failed)
	}
	db := sql.OpenDB(c.pool)
	c.DB = db
	defer func() {
		if !c.pool.isOpen() { // it failed, or the driver panics
			// What cannot be closed either is of no use to a caller who gets the reason why it did not open.
			_ = db.Close()
			c.pool.sockets.Close() // of which a driver may take leave in the background
		}
	}()
	limit(db, cfg.Pool)
	var k *keeper
	if cfg.Pool.Min > 0 {
		k = newKeeper(db, c.pool, cfg.Pool, o.check)
	}
	var warmed Warmed
	attempts, err := c.pool.attempt(ctx, o.retry, func(ctx context.Context) error {
		start := time.Now()
		first, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer release(first)
		if k == nil {
			return c.pool.ask(ctx, start, first)
		}
		warmed, err = k.warm(ctx, start, first)
		return err
	})
	if err != nil {
		e := c.pool.explain(err, attempts)
		if ctx.Err() != nil {
			e.Kind, e.Hint = KindCanceled, ""
		}
		return nil, o.fail(e)
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
		query: cmp.Or(info.TestQuery, "SELECT 1"), bus: o.bus,
	}
	pool.base, err = d.Connector(cfg.Clone(), registry.Env{
		Dial: o.dial, Watch: pool.watch, Credentials: o.askFor(cfg), Warn: pool.warn,
		NoCreate: o.noCreate, NoDatabase: o.serverOnly,
	})
	if err != nil {
		return nil, &Error{Name: o.name, Dialect: info.Dialect, Target: pool.target, Kind: KindConfig, Err: err}
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

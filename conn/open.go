package conn

import (
	"context"
	"database/sql"
	"math"
	"net"
	"strconv"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// Open opens the database that cfg describes and tests it with a query. A failure that may pass, such as a
// server that refuses connections because it is starting, is tried again as [Retry] says. The error is an
// [*Error], and nothing is left behind. ctx bounds the opening, attempts and waits included, and has no
// influence afterwards; each attempt is bounded by the config's ConnectTimeout as well.
func Open(ctx context.Context, cfg Config, opts ...Option) (*Conn, error) {
	return open(ctx, cfg, newOptions("__default__", opts))
}

// OpenURL opens the database that a URL describes; [ParseURL] has the forms.
func OpenURL(ctx context.Context, url string, opts ...Option) (*Conn, error) {
	o := newOptions("__default__", opts)
	cfg, err := ParseURL(url)
	if err != nil {
		return nil, o.fail(&Error{Name: o.name, Kind: KindConfig, Err: err})
	}
	return open(ctx, cfg, o)
}

// Test opens the database that cfg describes as [Open] does, with a single connection, and closes it. It
// creates nothing: the file of an SQLite database must exist.
func Test(ctx context.Context, cfg Config, opts ...Option) error {
	o := newOptions("__test__", opts)
	o.changes = append(o.changes, testConfig)
	c, err := open(ctx, cfg, o)
	if err != nil {
		return err
	}
	return c.Close()
}

func testConfig(d registry.Driver, cfg *Config) error {
	if t, ok := d.(registry.TestConfiger); ok {
		*cfg = t.TestConfig(*cfg)
	}
	cfg.Pool = Pool{Max: 1} // and no Min to warm
	return nil
}

func open(ctx context.Context, cfg Config, o *options) (*Conn, error) {
	start := time.Now()
	c, err := prepare(&cfg, o)
	if err != nil {
		e, ok := err.(*Error)
		if !ok {
			e = &Error{Name: o.name, Dialect: cfg.Dialect, Kind: KindConfig, Err: err}
		}
		return nil, o.fail(e)
	}
	db := sql.OpenDB(c.pool)
	c.DB = db
	defer func() {
		if !c.pool.opened.Load() { // it failed, or the driver panics
			// What cannot be closed either is of no use to a caller who gets the reason why it did not open.
			_ = db.Close()
			c.pool.sockets.cut() // of which a driver may take leave in the background
		}
	}()
	most := limit(db, cfg.Pool)
	var k *keeper
	if cfg.Pool.Min > 0 {
		k = newKeeper(db, c.pool, cfg.Pool, most, o.check)
	}
	var warmed Warmed
	attempts, err := c.pool.attempt(ctx, o.retry, func(ctx context.Context) error {
		start := time.Now()
		first, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer release([]*sql.Conn{first})
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
	c.pool.opened.Store(true)
	if k != nil {
		c.pool.keeper = k
		go k.run(warmed.Err)
	}
	emit(o.bus, Opened{o.name, c.Dialect(), attempts, time.Since(start)})
	if k != nil {
		emit(o.bus, warmed)
	}
	return c, nil
}

// prepare does all that needs no I/O, and changes cfg as the options say.
func prepare(cfg *Config, o *options) (*Conn, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d, err := o.registry.Lookup(cfg.Dialect)
	if err != nil {
		return nil, err
	}
	c := &Conn{cfg: cfg.Clone()}
	info := d.Info()
	for _, change := range o.changes {
		if err := change(d, cfg); err != nil {
			return nil, err
		}
	}
	pool := &connector{
		timeout: cfg.ConnectTimeout, sockets: newSockets(o.dialer), name: o.name, target: target(cfg, info.Port),
		driver: d, dialect: info.Dialect, bus: o.bus,
	}
	if pool.timeout == 0 {
		pool.timeout = registry.DefaultConnectTimeout
	}
	env := registry.Env{Credentials: o.credentials}
	if dialer, ok := d.(registry.Dialer); ok && o.dialer == nil {
		pool.sockets.dialer = dialer
	}
	if pool.sockets.dialer != nil {
		env.Dial = pool.sockets.Dial
	}
	if pool.base, err = d.Connector(*cfg, env); err != nil {
		return nil, &Error{Name: o.name, Dialect: info.Dialect, Target: pool.target, Kind: KindConfig, Err: err}
	}
	pool.inner = pool.base
	for _, wrap := range o.wrap {
		pool.inner, pool.wrapped = wrap(pool.inner), true
	}
	c.pool = pool
	return c, nil
}

// limit sets the pool's bounds and returns how many connections it may have, 0 for any number. Idle connections are
// kept up to the maximum: database/sql's own default of two makes a busy pool reconnect all the time.
func limit(db *sql.DB, p Pool) (most int) {
	most, idle := p.Max, p.Max
	switch {
	case most == 0:
		most, idle = registry.DefaultPoolMax, registry.DefaultPoolMax
	case most < 0:
		most, idle = 0, math.MaxInt32
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(idle)
	db.SetConnMaxIdleTime(idleTime(p))
	db.SetConnMaxLifetime(max(p.MaxLifetime, 0))
	return most
}

// idleTime is 0 if connections may be idle for ever.
func idleTime(p Pool) time.Duration {
	if p.MaxIdleTime == 0 {
		return registry.DefaultMaxIdleTime
	}
	return max(p.MaxIdleTime, 0)
}

// target says what is opened, for errors.
func target(cfg *Config, defaultPort int) string {
	if defaultPort == 0 && cfg.Host == "" {
		if cfg.Filename != "" {
			return cfg.Filename
		}
		return cfg.Database
	}
	host := cfg.Host
	if host == "" {
		host = "localhost"
	}
	port := cfg.Port
	if port == 0 {
		port = defaultPort
	}
	where := net.JoinHostPort(host, strconv.Itoa(port))
	if cfg.User != "" {
		where = cfg.User + "@" + where
	}
	if cfg.Database != "" {
		where += "/" + cfg.Database
	}
	return where
}

// fail tells the bus that opening failed and returns the error. It is larger than its calls.
//
//go:noinline
func (o *options) fail(e *Error) error {
	emit(o.bus, Failed{e.Name, e.Dialect, e.Kind, e})
	return e
}

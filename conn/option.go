package conn

import (
	"context"
	"database/sql/driver"
	"net"
	"time"

	"github.com/patchbay-go/patchbay/conn/credentials"
	"github.com/patchbay-go/patchbay/internal/netconn"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// Option changes how [Open], [OpenURL] and [Test] work.
type Option func(*options)

type options struct {
	name        string
	bus         *observer.Bus
	registry    *registry.Registry
	dial        func(ctx context.Context, network, addr string) (net.Conn, error)
	credentials func(context.Context, LoginRequest) (Login, error)
	wrap        []func(driver.Connector) driver.Connector
	session     []func(context.Context, driver.Conn) error
	check       time.Duration
	onRetry     []func(Retrying)
	serverOnly  bool
	noCreate    bool
	test        bool // it is opened to be closed
}

func newOptions(name string, opts []Option) *options {
	o := &options{name: name, bus: observer.Default(), registry: registry.Default()}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// WithName names the connection in errors, events and logs. Default "__default__", and "__test__" in Test.
func WithName(name string) Option { return func(o *options) { o.name = name } }

// WithObserver sends the events to b in place of [observer.Default]; nil sends them nowhere.
func WithObserver(b *observer.Bus) Option { return func(o *options) { o.bus = b } }

// WithRegistry looks the dialect up in r, which must not be nil, in place of [registry.Default].
func WithRegistry(r *registry.Registry) Option { return func(o *options) { o.registry = r } }

// WithDialer opens every network connection with dial, which is where a proxy or an SSH tunnel fits: the
// DialContext method of a [net.Dialer], of an SSH client or of a SOCKS dialer. It is called concurrently, with
// the network "tcp" or "unix" ("udp" to ask where an instance of SQL Server listens), and must give up when its
// context ends. A dialect of files never calls it; nil is the dialer of the dialect. What other pools know of servers that are
// down is of no use where it leads, and the other way round.
func WithDialer(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(o *options) {
		if o.dial = dial; dial == nil {
			return
		}
		o.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return netconn.WithDeadlines(c), nil
		}
	}
}

// LoginRequest is what [WithCredentials] is asked for.
type LoginRequest = credentials.Request

// WithCredentials asks for the login before every physical connection, in place of all that the Config says of it: for passwords
// that rotate and for tokens that expire. An empty User is that of the Config. If the server refuses the login, ask is
// called once more with Refused set, and its answer is tried if it differs: the password may have changed just then.
// It is called concurrently, within the connect timeout.
func WithCredentials(ask func(context.Context, LoginRequest) (Login, error)) Option {
	return func(o *options) { o.credentials = ask }
}

// askFor returns the Credentials of the Env of a driver, nil if the login is in the config.
func (o *options) askFor(cfg *Config) (func(ctx context.Context, refused bool) (Login, error), error) {
	f := credentials.Func(o.credentials)
	if f == nil {
		var err error
		if f, err = credentials.New(*cfg); f == nil {
			return nil, err
		}
	}
	ask := f.For(*cfg)
	return func(ctx context.Context, refused bool) (Login, error) {
		login, err := ask(ctx, refused)
		if err != nil {
			err = &programError{err, false}
		}
		return login, err
	}, nil
}

// programError is one of this program, such as of a function that it gave, which says nothing of the server; with loggedIn, that
// the server has let the pool in.
type programError struct {
	error
	loggedIn bool
}

func (e *programError) Unwrap() error { return e.error }

// WithSession has f prepare every new physical connection, after its settings and before its first statement, for what
// Config.Session cannot say. Of several, each is called, in their order. If one fails, the connection is closed, and its error is
// that of connecting; it runs within the connect timeout. It must not keep the connection, which is the driver's own.
func WithSession(f func(context.Context, driver.Conn) error) Option {
	return func(o *options) { o.session = append(o.session, f) }
}

// WithConnector lets wrap put a connector of its own around that of the driver, for tracing or metrics; it is called once
// for each host. Of several, the last is outermost. The context of an attempt that is
// made for several callers has no values of theirs.
func WithConnector(wrap func(driver.Connector) driver.Connector) Option {
	return func(o *options) { o.wrap = append(o.wrap, wrap) }
}

// WithOnRetry calls f when an attempt to open the database has failed and another will follow, before the bus hears of
// it: for those who show how the opening stands. Of several, each is called.
func WithOnRetry(f func(Retrying)) Option {
	return func(o *options) { o.onRetry = append(o.onRetry, f) }
}

// ServerOnly opens the database that every server of the dialect has, such as "postgres" or "master", in place
// of the one in the Config: for creating that one. For a dialect of files it is an error.
func ServerOnly() Option { return func(o *options) { o.serverOnly = true } }

// NoCreate opens what exists: a database file that is missing is an error, and one that is there keeps its journal.
func NoCreate() Option { return func(o *options) { o.noCreate = true } }

// WithCheckInterval sets how often a pool with a Min is checked for connections that died while idle, and one with a Role for
// servers that have another role by now. A check is a query on up to Min idle connections, and a new connection in
// place of each dead one; and one to each server that asks for its role. Default 15 s, also for values <= 0. It is at most half of Pool.MaxIdleTime, so that a check comes before connections expire, but not less
// than 100 ms. A check leaves a connection to callers; only in a pool of one may they have to wait for it, 100 ms or less
// before it gives up. A pool with neither is never checked.
func WithCheckInterval(d time.Duration) Option { return func(o *options) { o.check = d } }

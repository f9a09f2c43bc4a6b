package conn

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net"
	"time"

	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// Option changes how [Open], [OpenURL] and [Test] work.
type Option func(*options)

type options struct {
	name        string
	bus         *observer.Bus
	registry    *registry.Registry
	retry       Retry
	dialer      registry.Dialer
	credentials func(ctx context.Context) (string, Secret, error)
	wrap        []func(driver.Connector) driver.Connector
	changes     []func(registry.Driver, *Config) error // once the driver is known
	check       time.Duration
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

// WithRetry changes how often and how soon a failed attempt is repeated.
func WithRetry(r Retry) Option { return func(o *options) { o.retry = r } }

// WithDialer opens every network connection with dial, which is where a proxy or an SSH tunnel fits: the
// DialContext method of a [net.Dialer], of an SSH client or of a SOCKS dialer. It is called concurrently, with
// the network "tcp" or "unix" ("udp" to ask where an instance of SQL Server listens), and must give up when its
// context ends. A dialect of files never calls it; nil is the dialer of the dialect.
func WithDialer(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(o *options) {
		o.dialer = nil
		if dial != nil {
			o.dialer = dialFunc(dial)
		}
	}
}

// dialFunc makes a [registry.Dialer] of a function.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (f dialFunc) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return f(ctx, network, addr)
}

// WithCredentials asks for user and password before every physical connection, in place of those in the
// Config: for passwords that rotate and for tokens that expire. It is called concurrently, within the connect
// timeout.
func WithCredentials(ask func(ctx context.Context) (user string, password Secret, err error)) Option {
	return func(o *options) { o.credentials = ask }
}

// WithConnector lets wrap put a connector of its own around that of the driver, for tracing or metrics. Of
// several, the last is outermost.
func WithConnector(wrap func(driver.Connector) driver.Connector) Option {
	return func(o *options) { o.wrap = append(o.wrap, wrap) }
}

// ServerOnly opens the database that every server of the dialect has, such as "postgres" or "master", in place
// of the one in the Config: for creating that one. For a dialect without a server it is an error.
func ServerOnly() Option {
	return func(o *options) { o.changes = append(o.changes, systemDatabase) }
}

func systemDatabase(d registry.Driver, cfg *Config) error {
	s, ok := d.(registry.SystemDatabaser)
	if !ok {
		return fmt.Errorf("the dialect %s has no server to open without a database: leave out ServerOnly", d.Info().Dialect)
	}
	*cfg = s.SystemDatabase(*cfg)
	return nil
}

// WithCheckInterval sets how often a pool with a Min is checked for connections that died while idle; a check
// is a query on up to Min idle connections, and a new connection in place of each dead one. Default 15 s, which 0 or
// less stands for too. It is at most half of Pool.MaxIdleTime, but not under 100 ms for that reason, so that a Min
// with a shorter MaxIdleTime is not kept. A pool without a Min is never checked.
func WithCheckInterval(d time.Duration) Option { return func(o *options) { o.check = d } }

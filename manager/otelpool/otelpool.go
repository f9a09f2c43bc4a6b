// Package otelpool gives OpenTelemetry the metrics of the connections of a manager, under the names of the semantic
// conventions for connection pools (https://opentelemetry.io/docs/specs/semconv/db/database-metrics/), which are in
// development. It is a module of its own, so that a program that does not import it has no dependency on OpenTelemetry. It
// measures pools; for spans and durations of queries put a tracer beside it, such as otelsql by conn.WithConnector.
//
//	stop, err := otelpool.Attach(m)
//	...
//	defer stop()
//
// # Metrics
//
// Each has the attributes db.client.connection.pool.name, the name of the connection, which ends in "/reader" for its pool
// for reading, and db.system.name. MariaDB is "mysql"
// there: which of them a server is, it tells only when it is asked.
//
//	db.client.connection.count           with db.client.connection.state: idle, used
//	db.client.connection.max             where there is a limit
//	db.client.connection.idle.max        likewise
//	db.client.connection.idle.min        Pool.Min
//	db.client.connection.create_time     histogram in s, of those that succeeded, with server.address and server.port of
//	                                     several hosts, and patchbay.role where the config asks for one
//	patchbay.connection.errors           attempts to open one that failed, with error.type: unreachable, auth, timeout ...
//	patchbay.connection.waits            calls that had to wait for a connection
//	patchbay.connection.waited           how long they did together, in s
//	patchbay.connection.closed           with patchbay.reason: max_idle, max_idle_time, max_lifetime
//	patchbay.pool.lost                   1 while no further connection can be opened
//	patchbay.pool.starving               1 while all connections are in use and callers wait
//	patchbay.leases                      not released
//
// The SDK keeps 2,000 series of an instrument unless metric.WithCardinalityLimit says otherwise, and adds up the others.
//
// Counters count from Attach on and outlive what is replaced, evicted, reloaded or closed: a name that was open once keeps
// its series. What cannot be known without standing in the way of every query is left out: pending_requests, timeouts, and
// the histograms wait_time and use_time.
package otelpool

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"unicode/utf8"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
)

// Option changes how [Attach] works.
type Option func(*options)

type options struct{ provider metric.MeterProvider }

// WithMeterProvider makes the metrics with p in place of the global one.
func WithMeterProvider(p metric.MeterProvider) Option { return func(o *options) { o.provider = p } }

// scope names who makes the metrics.
const scope = "github.com/patchbay-go/patchbay/manager/otelpool"

// instruments are those of a meter.
type instruments struct {
	count, max, idleMax, idleMin, leases, lost, starving metric.Int64ObservableUpDownCounter
	waits, closed                                        metric.Int64ObservableCounter
	waited                                               metric.Float64ObservableCounter
	createTime                                           metric.Float64Histogram
	errors                                               metric.Int64Counter
}

// Attach measures the connections of a manager until stop is called, which may be more than once. It listens on the
// manager's bus; of a manager without one it does not know how connections are opened.
func Attach(m *manager.Manager, opts ...Option) (stop func() error, err error) {
	o := options{provider: otel.GetMeterProvider()}
	for _, opt := range opts {
		opt(&o)
	}
	meter := o.provider.Meter(scope)
	in, err := newInstruments(meter)
	if err != nil {
		return nil, err
	}
	m.Totals() // from now on they are kept
	registration, err := meter.RegisterCallback(func(_ context.Context, to metric.Observer) error {
		in.observe(m, to)
		return nil
	}, in.count, in.max, in.idleMax, in.idleMin, in.leases, in.lost, in.starving, in.waits, in.closed, in.waited)
	if err != nil {
		return nil, err
	}
	cancel := observer.On(m.Observer(), func(e conn.Dialed) {
		pool := poolOf(e.Name, e.Dialect)
		if host, port, err := net.SplitHostPort(e.Host); err == nil {
			pool = append(pool, attribute.String("server.address", host))
			if n, err := strconv.Atoi(port); err == nil {
				pool = append(pool, attribute.Int("server.port", n))
			}
		}
		if e.Role != conn.RoleAny {
			pool = append(pool, attribute.String("patchbay.role", e.Role.String()))
		}
		if e.Failed {
			in.errors.Add(context.Background(), 1, metric.WithAttributes(append(pool, attribute.String("error.type", e.Kind.String()))...))
		} else {
			in.createTime.Record(context.Background(), e.Took.Seconds(), metric.WithAttributes(pool...))
		}
	})
	return sync.OnceValue(func() error {
		cancel()
		return registration.Unregister()
	}), nil
}

func newInstruments(meter metric.Meter) (in instruments, err error) {
	var errs []error
	gauge := func(name, unit, description string) metric.Int64ObservableUpDownCounter {
		i, err := meter.Int64ObservableUpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return i
	}
	counter := func(name, unit, description string) metric.Int64ObservableCounter {
		i, err := meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return i
	}
	in = instruments{
		count:    gauge("db.client.connection.count", "{connection}", "The number of connections that are currently in the state described by the state attribute."),
		max:      gauge("db.client.connection.max", "{connection}", "The maximum number of open connections allowed."),
		idleMax:  gauge("db.client.connection.idle.max", "{connection}", "The maximum number of idle open connections allowed."),
		idleMin:  gauge("db.client.connection.idle.min", "{connection}", "The minimum number of idle open connections allowed."),
		leases:   gauge("patchbay.leases", "{lease}", "The number of leases that are not released."),
		lost:     gauge("patchbay.pool.lost", "1", "1 while no further connection can be opened."),
		starving: gauge("patchbay.pool.starving", "1", "1 while all connections are in use and callers wait for one."),
		waits:    counter("patchbay.connection.waits", "{wait}", "The number of calls that had to wait for a connection."),
		closed:   counter("patchbay.connection.closed", "{connection}", "The number of connections that were closed by the limits of the pool."),
	}
	in.waited, err = meter.Float64ObservableCounter("patchbay.connection.waited", metric.WithUnit("s"),
		metric.WithDescription("How long calls waited for a connection, together."))
	errs = append(errs, err)
	var bounds []float64
	for _, d := range conn.DialTimes() {
		bounds = append(bounds, d.Seconds())
	}
	in.createTime, err = meter.Float64Histogram("db.client.connection.create_time", metric.WithUnit("s"),
		metric.WithDescription("The time it took to create a new connection."), metric.WithExplicitBucketBoundaries(bounds...))
	errs = append(errs, err)
	in.errors, err = meter.Int64Counter("patchbay.connection.errors", metric.WithUnit("{attempt}"),
		metric.WithDescription("The number of attempts to open a connection that failed."))
	return in, errors.Join(append(errs, err)...)
}

// sum is what the pools of a name have together: while one is being replaced there are two.
type sum struct {
	dialect               string
	used, idle, leases    int
	isOpen                bool // and what follows is of the pool that is
	max, idleMax, idleMin int
	lost, starving        int64
}

// observe reports what is there now.
func (in *instruments) observe(m *manager.Manager, to metric.Observer) {
	sums := make(map[string]*sum)
	for _, t := range m.Totals() {
		sums[t.Name] = &sum{dialect: t.Dialect} // also where nothing is open now
		pool := poolOf(t.Name, t.Dialect)
		attributes := metric.WithAttributes(pool...)
		to.ObserveInt64(in.waits, t.Waits, attributes)
		to.ObserveFloat64(in.waited, t.Waited.Seconds(), attributes)
		for reason, n := range map[string]int64{
			"max_idle": t.Closed.MaxIdle, "max_idle_time": t.Closed.MaxIdleTime, "max_lifetime": t.Closed.MaxLifetime,
		} {
			to.ObserveInt64(in.closed, n, metric.WithAttributes(append(pool, attribute.String("patchbay.reason", reason))...))
		}
	}
	for _, row := range m.Stats() {
		s := sums[row.Name]
		if s == nil {
			continue // it was never open
		}
		s.used += row.DB.InUse
		s.idle += row.DB.Idle
		s.leases += row.Leases
		if row.State == manager.StateOpen {
			s.isOpen, s.max, s.idleMax, s.idleMin = true, row.DB.MaxOpenConnections, row.MaxIdle, row.Min
			s.lost, s.starving = oneIf(!row.Lost.IsZero()), oneIf(!row.Starving.IsZero())
		}
	}
	for name, s := range sums {
		pool := poolOf(name, s.dialect)
		attributes := metric.WithAttributes(pool...)
		to.ObserveInt64(in.count, int64(s.used), metric.WithAttributes(append(pool, used)...))
		to.ObserveInt64(in.count, int64(s.idle), metric.WithAttributes(append(pool, idle)...))
		to.ObserveInt64(in.leases, int64(s.leases), attributes)
		to.ObserveInt64(in.lost, s.lost, attributes)
		to.ObserveInt64(in.starving, s.starving, attributes)
		if !s.isOpen {
			continue
		}
		to.ObserveInt64(in.idleMin, int64(s.idleMin), attributes)
		if s.max > 0 {
			to.ObserveInt64(in.max, int64(s.max), attributes)
		}
		if s.idleMax >= 0 {
			to.ObserveInt64(in.idleMax, int64(s.idleMax), attributes)
		}
	}
}

var (
	used = attribute.String("db.client.connection.state", "used")
	idle = attribute.String("db.client.connection.state", "idle")
)

// systems are the values of db.system.name for the dialects of Patchbay:
// https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/#db-system-name
var systems = map[string]string{
	"postgres": "postgresql", "mysql": "mysql", "sqlite": "sqlite", "mssql": "microsoft.sql_server",
}

// poolOf returns the attributes of a name, with no room for further ones, so that each append makes a copy.
func poolOf(name, dialect string) []attribute.KeyValue {
	system := systems[dialect]
	if system == "" {
		system = "other_sql"
	}
	if !utf8.ValidString(name) { // which the OpenTelemetry Protocol has no place for
		name = strconv.Quote(name)
	}
	return []attribute.KeyValue{
		attribute.String("db.client.connection.pool.name", name),
		attribute.String("db.system.name", system),
	}
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

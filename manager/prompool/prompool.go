// Package prompool gives Prometheus the metrics of the connections of a manager: for each name those that
// collectors.NewDBStatsCollector has for one *sql.DB, under the same names, and what a pool alone does not know. Because a
// name may have several pools one after the other, that collector would lose its counts, or have to be registered again,
// with every Manager.Replace, eviction and Manager.Reload. It is a module of its own, so that a program that does not
// import it has no dependency on Prometheus.
//
//	c := prompool.New(m)
//	defer c.Close()
//	prometheus.MustRegister(c)
//
// # Metrics
//
// Each has the label db_name, the name of the connection; that of its pool for reading ends in "/reader".
//
//	go_sql_max_open_connections, go_sql_open_connections, go_sql_in_use_connections, go_sql_idle_connections
//	go_sql_wait_count_total, go_sql_wait_duration_seconds_total
//	go_sql_max_idle_closed_total, go_sql_max_idle_time_closed_total, go_sql_max_lifetime_closed_total
//	patchbay_connect_duration_seconds    histogram of what opening a connection took, where it succeeded, with the host
//	                                     of several and the role of its server where the config asks for one
//	patchbay_connect_errors_total        attempts that failed, by kind: unreachable, auth, timeout ...
//	patchbay_pool_lost                   1 while no further connection can be opened
//	patchbay_pool_starving               1 while all connections are in use and callers wait
//	patchbay_leases                      not released
//
// Counters count from New on and outlive what is replaced, evicted, reloaded or closed: a name that was open once keeps its
// series. So a program that has a database for each of ever new tenants gets ever new series. How long callers wait for a
// connection and use it cannot be known without standing in the way of every query, and is left out.
package prompool

import (
	"strconv"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/observer"
)

// Collector is a [prometheus.Collector] of a manager.
type Collector struct {
	m        *manager.Manager
	connects *prometheus.HistogramVec
	errors   *prometheus.CounterVec
	cancel   func()
}

// name is the label of all metrics.
const name = "db_name"

// metric is one of those of collectors.NewDBStatsCollector, with the same text:
// https://github.com/prometheus/client_golang/blob/main/prometheus/collectors/dbstats_collector.go
type metric struct{ name, help string }

var (
	maxOpen     = metric{"go_sql_max_open_connections", "Maximum number of open connections to the database."}
	open        = metric{"go_sql_open_connections", "The number of established connections both in use and idle."}
	inUse       = metric{"go_sql_in_use_connections", "The number of connections currently in use."}
	idle        = metric{"go_sql_idle_connections", "The number of idle connections."}
	waits       = metric{"go_sql_wait_count_total", "The total number of connections waited for."}
	waited      = metric{"go_sql_wait_duration_seconds_total", "The total time blocked waiting for a new connection."}
	maxIdle     = metric{"go_sql_max_idle_closed_total", "The total number of connections closed due to SetMaxIdleConns."}
	maxIdleTime = metric{"go_sql_max_idle_time_closed_total", "The total number of connections closed due to SetConnMaxIdleTime."}
	maxLifetime = metric{"go_sql_max_lifetime_closed_total", "The total number of connections closed due to SetConnMaxLifetime."}
)

// of makes the metric of a name. The label is a constant of its description, as it is there: a registry takes the same
// metric from both collectors only if it is the same kind of label.
func (m metric) of(db string, kind prometheus.ValueType, v float64) prometheus.Metric {
	return prometheus.MustNewConstMetric(prometheus.NewDesc(m.name, m.help, nil, prometheus.Labels{name: label(db)}), kind, v)
}

// label is the name of a connection as Prometheus takes it, which panics over what is not UTF-8.
func label(db string) string {
	if utf8.ValidString(db) {
		return db
	}
	return strconv.Quote(db)
}

// What that collector does not have.
var (
	lost     = prometheus.NewDesc("patchbay_pool_lost", "Whether no further connection can be opened.", []string{name}, nil)
	starving = prometheus.NewDesc("patchbay_pool_starving", "Whether all connections are in use and callers wait for one.", []string{name}, nil)
	leases   = prometheus.NewDesc("patchbay_leases", "The number of leases that are not released.", []string{name}, nil)
)

// New returns the collector of a manager. It listens on the manager's bus until it is closed; of a manager without one
// it does not know how connections are opened.
func New(m *manager.Manager) *Collector {
	var buckets []float64
	for _, d := range conn.DialTimes() {
		buckets = append(buckets, d.Seconds())
	}
	c := &Collector{
		m: m,
		connects: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "patchbay_connect_duration_seconds", Help: "How long opening a connection took, where it succeeded.", Buckets: buckets,
		}, []string{name, "host", "role"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "patchbay_connect_errors_total", Help: "Attempts to open a connection that failed, by kind.",
		}, []string{name, "kind"}),
	}
	m.Totals() // from now on they are kept
	c.cancel = observer.On(m.Observer(), func(e conn.Dialed) {
		if e.Failed {
			c.errors.WithLabelValues(label(e.Name), e.Kind.String()).Inc()
		} else {
			role := ""
			if e.Role != conn.RoleAny {
				role = e.Role.String()
			}
			c.connects.WithLabelValues(label(e.Name), e.Host, role).Observe(e.Took.Seconds())
		}
	})
	return c
}

// Close ends listening. It may be called more than once.
func (c *Collector) Close() { c.cancel() }

// Describe sends no description, because there is one for each name: to Prometheus it is an unchecked collector.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// sum is what the pools of a name have together: while one is being replaced there are two.
type sum struct {
	max, open, inUse, idle, leases int
	isOpen, lost, starving         bool
}

// Collect sends all metrics.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	totals := c.m.Totals()
	sums := make(map[string]*sum, len(totals))
	for _, t := range totals {
		sums[t.Name] = new(sum) // also where nothing is open now
		to <- waits.of(t.Name, prometheus.CounterValue, float64(t.Waits))
		to <- waited.of(t.Name, prometheus.CounterValue, t.Waited.Seconds())
		to <- maxIdle.of(t.Name, prometheus.CounterValue, float64(t.Closed.MaxIdle))
		to <- maxIdleTime.of(t.Name, prometheus.CounterValue, float64(t.Closed.MaxIdleTime))
		to <- maxLifetime.of(t.Name, prometheus.CounterValue, float64(t.Closed.MaxLifetime))
	}
	for _, row := range c.m.Stats() {
		s := sums[row.Name]
		if s == nil {
			continue // it was never open
		}
		s.open += row.DB.OpenConnections
		s.inUse += row.DB.InUse
		s.idle += row.DB.Idle
		s.leases += row.Leases
		if row.State == manager.StateOpen {
			s.isOpen, s.max, s.lost, s.starving = true, row.DB.MaxOpenConnections, !row.Lost.IsZero(), !row.Starving.IsZero()
		}
	}
	for db, s := range sums {
		if s.isOpen { // else there is no limit, which 0 would say
			to <- maxOpen.of(db, prometheus.GaugeValue, float64(s.max))
		}
		to <- open.of(db, prometheus.GaugeValue, float64(s.open))
		to <- inUse.of(db, prometheus.GaugeValue, float64(s.inUse))
		to <- idle.of(db, prometheus.GaugeValue, float64(s.idle))
		to <- prometheus.MustNewConstMetric(leases, prometheus.GaugeValue, float64(s.leases), label(db))
		to <- prometheus.MustNewConstMetric(lost, prometheus.GaugeValue, oneIf(s.lost), label(db))
		to <- prometheus.MustNewConstMetric(starving, prometheus.GaugeValue, oneIf(s.starving), label(db))
	}
	c.connects.Collect(to)
	c.errors.Collect(to)
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

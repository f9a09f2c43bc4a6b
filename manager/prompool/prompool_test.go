package prompool_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/prompool"
	"github.com/patchbay-go/patchbay/observer"
)

// golden is what a scrape has of a manager of which one name was open and one was refused.
const golden = `
go_sql_idle_connections{db_name="orders"} gauge
go_sql_in_use_connections{db_name="orders"} gauge
go_sql_max_idle_closed_total{db_name="orders"} counter
go_sql_max_idle_time_closed_total{db_name="orders"} counter
go_sql_max_lifetime_closed_total{db_name="orders"} counter
go_sql_max_open_connections{db_name="orders"} gauge
go_sql_open_connections{db_name="orders"} gauge
go_sql_wait_count_total{db_name="orders"} counter
go_sql_wait_duration_seconds_total{db_name="orders"} counter
patchbay_connect_duration_seconds{db_name="orders" host="" role=""} histogram
patchbay_connect_errors_total{db_name="away" kind="unreachable"} counter
patchbay_leases{db_name="orders"} gauge
patchbay_pool_lost{db_name="orders"} gauge
patchbay_pool_starving{db_name="orders"} gauge
`

type metrics struct {
	*manager.Manager
	registry *prometheus.Registry
}

// newMetrics returns a manager of the names orders, a file, and away, a server that is not there.
func newMetrics(t *testing.T, opts ...manager.Option) metrics {
	t.Helper()
	opts = append(opts, manager.WithObserver(observer.New()), manager.WithGrace(time.Millisecond), manager.WithConfigs(configs(t)))
	m := manager.New(opts...)
	c := prompool.New(m)
	t.Cleanup(c.Close)
	t.Cleanup(func() {
		if err := m.CloseAll(context.Background()); err != nil {
			t.Error(err)
		}
	})
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(c)
	return metrics{m, r}
}

func configs(t *testing.T) map[string]conn.Config {
	return map[string]conn.Config{
		"orders": {Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "a.db"), Pool: conn.Pool{Max: 2}},
		"other":  {Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "b.db")},
		"away":   {Dialect: "postgres", Host: filepath.Join(t.TempDir(), "none"), User: "u", Database: "d", Retry: conn.Retry{Max: -1}},
	}
}

func (m metrics) gather(t *testing.T) []*dto.MetricFamily {
	t.Helper()
	families, err := m.registry.Gather() // which fails for a series that is there twice
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// value is that of a metric of the name orders, and whether there is one.
func (m metrics) value(t *testing.T, name string) (float64, bool) {
	t.Helper()
	for _, f := range m.gather(t) {
		for _, one := range f.GetMetric() {
			if f.GetName() != name || one.GetLabel()[0].GetValue() != "orders" {
				continue
			}
			return one.GetGauge().GetValue() + one.GetCounter().GetValue() + float64(one.GetHistogram().GetSampleCount()), true
		}
	}
	return 0, false
}

func (m metrics) is(t *testing.T, name string, want float64) {
	t.Helper()
	if got, ok := m.value(t, name); got != want || !ok {
		t.Errorf("%s: %v, %v, want %v", name, got, ok, want)
	}
}

func (m metrics) open(t *testing.T) *conn.Conn {
	t.Helper()
	c, err := m.Named(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// waitOnce makes a caller wait, once, for a pool of two connections.
func waitOnce(t *testing.T, c *conn.Conn) {
	t.Helper()
	var held []*sql.Conn
	for range 2 {
		one, err := c.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, one)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	before := c.Stats().WaitCount
	go func() { done <- c.PingContext(ctx) }()
	for c.Stats().WaitCount == before {
		runtime.Gosched()
	}
	cancel()
	if <-done == nil {
		t.Error("a connection was free")
	}
	for _, one := range held {
		if err := one.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheNamesAreThose(t *testing.T) {
	m := newMetrics(t)
	m.open(t)
	if _, err := m.Named(t.Context(), "away"); err == nil {
		t.Error("opened")
	}
	var got []string
	for _, f := range m.gather(t) {
		for _, one := range f.GetMetric() {
			var labels []string
			for _, l := range one.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			got = append(got, fmt.Sprintf("%s{%s} %s", f.GetName(), strings.Join(labels, " "), strings.ToLower(f.GetType().String())))
		}
	}
	slices.Sort(got)
	if strings.Join(got, "\n") != strings.TrimSpace(golden) {
		t.Errorf("got\n%s\nwant%s", strings.Join(got, "\n"), golden)
	}
}

func TestPromlintAcceptsThem(t *testing.T) {
	m := newMetrics(t)
	m.open(t)
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestTheyCanBeRegisteredBesideThoseOfClientGolang(t *testing.T) {
	m := newMetrics(t)
	c := m.open(t)
	if err := m.registry.Register(collectors.NewDBStatsCollector(c.DB, "by hand")); err != nil {
		t.Fatal(err)
	}
	m.gather(t)
}

// Whatever happens to the pools of a name, there is one series, and what counts up goes on.
func TestReplaceEvictionAndReloadNeitherLoseNorDouble(t *testing.T) {
	m := newMetrics(t, manager.WithLimit(1))
	waits := 0.0
	check := func(what string, isOpen bool) {
		t.Helper()
		m.is(t, "go_sql_wait_count_total", waits)
		m.is(t, "go_sql_max_idle_closed_total", 0)
		if _, ok := m.value(t, "go_sql_max_open_connections"); ok != isOpen {
			t.Errorf("%s: open: %v", what, ok)
		}
	}
	use := func() {
		t.Helper()
		waitOnce(t, m.open(t))
		waits++
	}
	use()
	check("opened", true)
	for range 3 {
		if err := m.Replace(t.Context(), "orders", configs(t)["orders"]); err != nil {
			t.Fatal(err)
		}
		check("replaced", true)
		use()
		check("used", true)
	}
	if err := m.Reload(t.Context(), configs(t)); err != nil { // other files
		t.Fatal(err)
	}
	check("reloaded", true)
	use()
	if _, err := m.Named(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	check("evicted", false)
	use()
	check("opened again", true)
	if err := m.Close(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	check("closed", false)
	m.is(t, "go_sql_open_connections", 0)
	if n, _ := m.value(t, "patchbay_connect_duration_seconds"); n < 6 {
		t.Errorf("%v connections were opened", n)
	}
}

// Scrapes go on while everything changes: no count ever falls, and no series is there twice.
func TestScrapesWhileEverythingChanges(t *testing.T) {
	m := newMetrics(t)
	stop, waits := make(chan struct{}), 0.0
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(stop)
		for range 20 {
			c := m.open(t)
			waitOnce(t, c)
			waits += float64(c.Stats().WaitCount) // one, and on a busy machine one for the connection that Open gives back
			if err := m.Replace(t.Context(), "orders", configs(t)["orders"]); err != nil {
				t.Error(err)
			}
		}
	})
	last := 0.0
	for ended := false; !ended; {
		select {
		case <-stop:
			ended = true
		default:
		}
		now, ok := m.value(t, "go_sql_wait_count_total")
		if ok && now < last {
			t.Errorf("%v waits, and %v before", now, last)
		}
		last = now
	}
	wg.Wait()
	m.is(t, "go_sql_wait_count_total", waits)
}

func TestTroublesAreMetrics(t *testing.T) {
	m := newMetrics(t, manager.WithStarveAfter(2*time.Millisecond))
	l, err := m.AcquireNamed(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	m.is(t, "patchbay_leases", 1)
	m.is(t, "patchbay_pool_starving", 0)
	told := make(chan struct{})
	observer.Once(m.Observer(), func(manager.Starved) { close(told) })
	var held []*sql.Conn
	for range 2 {
		one, err := l.Conn().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, one)
	}
	waiting := make(chan error)
	go func() { waiting <- l.Conn().PingContext(t.Context()) }()
	<-told
	m.is(t, "patchbay_pool_starving", 1)
	m.is(t, "go_sql_in_use_connections", 2)
	for _, one := range held {
		if err := one.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	l.Release()
	m.is(t, "patchbay_leases", 0)
}

// A label that is no UTF-8 is refused by Prometheus, with a panic on a goroutine of the scrape.
func TestANameThatIsNoTextIsQuoted(t *testing.T) {
	m := newMetrics(t)
	cfg := conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "c.db")}
	if _, err := m.Get(t.Context(), "a\xff", cfg); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, f := range m.gather(t) {
		for _, one := range f.GetMetric() {
			found[one.GetLabel()[0].GetValue()] = true
		}
	}
	if len(found) != 1 || !found[`"a\xff"`] {
		t.Errorf("%v", found)
	}
}

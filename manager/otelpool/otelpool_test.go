package otelpool_test

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

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/otelpool"
	"github.com/patchbay-go/patchbay/observer"
)

// golden is what a reader gets of a manager of which one name was open and one was refused.
const golden = `
db.client.connection.count updown {db.client.connection.pool.name=orders,db.client.connection.state=idle,db.system.name=sqlite}
db.client.connection.count updown {db.client.connection.pool.name=orders,db.client.connection.state=used,db.system.name=sqlite}
db.client.connection.create_time histogram {db.client.connection.pool.name=orders,db.system.name=sqlite}
db.client.connection.idle.max updown {db.client.connection.pool.name=orders,db.system.name=sqlite}
db.client.connection.idle.min updown {db.client.connection.pool.name=orders,db.system.name=sqlite}
db.client.connection.max updown {db.client.connection.pool.name=orders,db.system.name=sqlite}
patchbay.connection.closed counter {db.client.connection.pool.name=orders,db.system.name=sqlite,patchbay.reason=max_idle_time}
patchbay.connection.closed counter {db.client.connection.pool.name=orders,db.system.name=sqlite,patchbay.reason=max_idle}
patchbay.connection.closed counter {db.client.connection.pool.name=orders,db.system.name=sqlite,patchbay.reason=max_lifetime}
patchbay.connection.errors counter {db.client.connection.pool.name=away,db.system.name=postgresql,error.type=unreachable}
patchbay.connection.waited counter {db.client.connection.pool.name=orders,db.system.name=sqlite}
patchbay.connection.waits counter {db.client.connection.pool.name=orders,db.system.name=sqlite}
patchbay.leases updown {db.client.connection.pool.name=orders,db.system.name=sqlite}
patchbay.pool.lost updown {db.client.connection.pool.name=orders,db.system.name=sqlite}
patchbay.pool.starving updown {db.client.connection.pool.name=orders,db.system.name=sqlite}
`

type metrics struct {
	*manager.Manager
	reader *metric.ManualReader
	stop   func() error
}

func newMetrics(t *testing.T, opts ...manager.Option) metrics {
	t.Helper()
	opts = append(opts, manager.WithObserver(observer.New()), manager.WithGrace(time.Millisecond), manager.WithConfigs(configs(t)))
	m := manager.New(opts...)
	reader := metric.NewManualReader()
	stop, err := otelpool.Attach(m, otelpool.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := m.CloseAll(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return metrics{m, reader, stop}
}

func configs(t *testing.T) map[string]conn.Config {
	return map[string]conn.Config{
		"orders": {Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "a.db"), Pool: conn.Pool{Max: 2}},
		"other":  {Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "b.db")},
		"away":   {Dialect: "postgres", Host: filepath.Join(t.TempDir(), "none"), User: "u", Database: "d", Retry: conn.Retry{Max: -1}},
	}
}

// point is one series.
type point struct {
	name, kind string
	attributes attribute.Set
	value      float64
}

func (p point) String() string {
	var all []string
	for _, kv := range p.attributes.ToSlice() {
		all = append(all, string(kv.Key)+"="+kv.Value.AsString())
	}
	return fmt.Sprintf("%s %s {%s}", p.name, p.kind, strings.Join(all, ","))
}

func (m metrics) collect(t *testing.T) (points []point) {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := m.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, one := range scope.Metrics {
			switch data := one.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					points = append(points, point{one.Name, kindOf(data.IsMonotonic), p.Attributes, float64(p.Value)})
				}
			case metricdata.Sum[float64]:
				for _, p := range data.DataPoints {
					points = append(points, point{one.Name, kindOf(data.IsMonotonic), p.Attributes, p.Value})
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					points = append(points, point{one.Name, "histogram", p.Attributes, float64(p.Count)})
				}
			default:
				t.Errorf("%s is a %T", one.Name, data)
			}
			if one.Unit == "" || one.Description == "" {
				t.Errorf("%s has no unit or no description", one.Name)
			}
		}
	}
	return points
}

func kindOf(monotonic bool) string {
	if monotonic {
		return "counter"
	}
	return "updown"
}

// value is the sum of the series of the name orders, and how many there are.
func (m metrics) value(t *testing.T, name string) (sum float64, n int) {
	t.Helper()
	for _, p := range m.collect(t) {
		if pool, _ := p.attributes.Value("db.client.connection.pool.name"); p.name == name && pool.AsString() == "orders" {
			sum += p.value
			n++
		}
	}
	return sum, n
}

func (m metrics) is(t *testing.T, name string, want float64, series int) {
	t.Helper()
	if got, n := m.value(t, name); got != want || n != series {
		t.Errorf("%s: %v in %d series, want %v in %d", name, got, n, want, series)
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
	for _, p := range m.collect(t) {
		got = append(got, p.String())
	}
	slices.Sort(got)
	if strings.Join(got, "\n") != strings.TrimSpace(golden) {
		t.Errorf("got\n%s\nwant%s", strings.Join(got, "\n"), golden)
	}
}

// Whatever happens to the pools of a name, there is one series, and what counts up goes on.
func TestReplaceEvictionAndReloadNeitherLoseNorDouble(t *testing.T) {
	m := newMetrics(t, manager.WithLimit(1))
	waits := 0.0
	check := func(isOpen bool) {
		t.Helper()
		m.is(t, "patchbay.connection.waits", waits, 1)
		m.is(t, "patchbay.connection.closed", 0, 3)
		if max, n := m.value(t, "db.client.connection.max"); isOpen != (n == 1 && max == 2) {
			t.Errorf("max is %v in %d series", max, n)
		}
		if _, n := m.value(t, "db.client.connection.count"); n != 2 {
			t.Errorf("%d series", n)
		}
	}
	use := func() {
		t.Helper()
		waitOnce(t, m.open(t))
		waits++
	}
	use()
	check(true)
	for range 3 {
		if err := m.Replace(t.Context(), "orders", configs(t)["orders"]); err != nil {
			t.Fatal(err)
		}
		check(true)
		use()
		check(true)
	}
	if err := m.Reload(t.Context(), configs(t)); err != nil { // other files
		t.Fatal(err)
	}
	check(true)
	use()
	if _, err := m.Named(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	check(false)
	use()
	check(true)
	if err := m.Close(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	check(false)
	m.is(t, "db.client.connection.count", 0, 2)
	if n, _ := m.value(t, "db.client.connection.create_time"); n < 6 {
		t.Errorf("%v connections were opened", n)
	}
}

func TestScrapesWhileEverythingChanges(t *testing.T) {
	m := newMetrics(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(stop)
		for range 20 {
			waitOnce(t, m.open(t))
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
		now, n := m.value(t, "patchbay.connection.waits")
		if n > 0 && now < last {
			t.Errorf("%v waits, and %v before", now, last)
		}
		last = now
	}
	wg.Wait()
	m.is(t, "patchbay.connection.waits", 20, 1)
}

func TestAfterTheEndNothingIsMeasured(t *testing.T) {
	m := newMetrics(t)
	m.open(t)
	for range 2 {
		if err := m.stop(); err != nil {
			t.Error(err)
		}
	}
	before, _ := m.value(t, "db.client.connection.create_time")
	if err := m.Replace(t.Context(), "orders", configs(t)["orders"]); err != nil {
		t.Fatal(err)
	}
	if after, _ := m.value(t, "db.client.connection.create_time"); after != before {
		t.Errorf("%v, and %v before", after, before)
	}
	if _, n := m.value(t, "db.client.connection.count"); n != 0 {
		t.Errorf("%d series", n)
	}
}

// An exporter of the OpenTelemetry Protocol sends nothing at all where an attribute is no UTF-8.
func TestANameThatIsNoTextIsQuoted(t *testing.T) {
	m := newMetrics(t)
	cfg := conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "c.db")}
	if _, err := m.Get(t.Context(), "a\xff", cfg); err != nil {
		t.Fatal(err)
	}
	points := m.collect(t)
	for _, p := range points {
		if name, _ := p.attributes.Value("db.client.connection.pool.name"); name.AsString() != `"a\xff"` {
			t.Errorf("%v", p)
		}
	}
	if len(points) == 0 {
		t.Error("there are no series")
	}
}

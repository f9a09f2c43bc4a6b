package cost_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/otelpool"
	"github.com/patchbay-go/patchbay/manager/prompool"
	"github.com/patchbay-go/patchbay/manager/status"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/registry"
)

// names is how many are open.
const names = 10_000

// nothing is a dialect whose databases answer 1 at once, so that what is measured is not theirs.
type nothing struct{}

func (nothing) Info() registry.Info                 { return registry.Info{Dialect: "nothing"} }
func (nothing) Diagnose(error) registry.Diagnosis   { return registry.Diagnosis{} }
func (nothing) Driver() driver.Driver               { return nil }
func (nothing) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (nothing) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (nothing) Close() error                        { return nil }

func (nothing) Connector(registry.Config, registry.Env) (driver.Connector, error) {
	return nothing{}, nil
}
func (nothing) Connect(context.Context) (driver.Conn, error) { return nothing{}, nil }

func (nothing) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return new(one), nil
}

type one struct{ done bool }

func (*one) Columns() []string { return []string{"1"} }
func (*one) Close() error      { return nil }

func (o *one) Next(row []driver.Value) error {
	if o.done {
		return io.EOF
	}
	o.done = true
	row[0] = int64(1)
	return nil
}

// ways are a manager alone, and one with metrics of both kinds and a page, of which each has been asked once.
var ways = map[string]bool{"without": false, "with": true}

// open opens all names and returns what asks for metrics and page.
func open(b *testing.B, watched bool) (m *manager.Manager, ask func()) {
	b.Helper()
	r := new(registry.Registry)
	r.Register(nothing{})
	m = manager.New(manager.WithObserver(observer.New()), manager.WithConnOptions(conn.WithRegistry(r)))
	b.Cleanup(func() { _ = m.CloseAll(context.Background()) })
	ask = func() {}
	if watched {
		ask = watch(b, m)
	}
	for i := range names {
		if _, err := m.Get(b.Context(), name(i), conn.Config{Dialect: "nothing", Database: name(i)}); err != nil {
			b.Fatal(err)
		}
	}
	ask()
	return m, ask
}

func name(i int) string { return fmt.Sprintf("tenant-%05d", i) }

func watch(b *testing.B, m *manager.Manager) (ask func()) {
	b.Helper()
	c := prompool.New(m)
	b.Cleanup(c.Close)
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	reader := metric.NewManualReader()
	stop, err := otelpool.Attach(m, otelpool.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = stop() })
	s := status.New(m)
	b.Cleanup(s.Close)
	return func() {
		if _, err := registry.Gather(); err != nil {
			b.Error(err)
		}
		var all metricdata.ResourceMetrics
		if err := reader.Collect(context.Background(), &all); err != nil {
			b.Error(err)
		}
		s.Page().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/?data=json", nil))
	}
}

func BenchmarkWatched(b *testing.B) {
	for way, watched := range ways {
		m, _ := open(b, watched)
		ctx, some := context.Background(), name(7)
		db, err := m.Named(ctx, some)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("named-"+way, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Named(ctx, some); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("query-"+way, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var one int
				if err := db.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWatchedHeap tells what a name costs that is open, and has been asked about.
func BenchmarkWatchedHeap(b *testing.B) {
	heap := func() float64 {
		runtime.GC()
		runtime.GC() // what the first one has finalized
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc)
	}
	for way, watched := range ways {
		b.Run(way, func(b *testing.B) {
			for b.Loop() {
				before := heap()
				m, ask := open(b, watched)
				b.ReportMetric((heap()-before)/names, "heap-B/name")
				runtime.KeepAlive(m)
				ask()
				_ = m.CloseAll(context.Background())
			}
		})
	}
}

// BenchmarkAsk tells what one answer to all who ask costs.
func BenchmarkAsk(b *testing.B) {
	_, ask := open(b, true)
	b.ResetTimer()
	for b.Loop() {
		ask()
	}
}

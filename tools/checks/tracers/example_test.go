package tracers_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"log"
	"slices"
	"testing"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/otelpool"
	"github.com/patchbay-go/patchbay/observer"
)

// fixed is a connector as a driver, which otelsql wraps.
type fixed struct{ driver.Connector }

func (f fixed) Open(string) (driver.Conn, error)               { return f.Connect(context.Background()) }
func (f fixed) OpenConnector(string) (driver.Connector, error) { return f.Connector, nil }

// traced has otelsql stand between database/sql and the driver.
func traced(opts ...otelsql.Option) conn.Option {
	return conn.WithConnector(func(inner driver.Connector) driver.Connector {
		outer, err := otelsql.WrapDriver(fixed{inner}, opts...).(driver.DriverContext).OpenConnector("")
		if err != nil {
			log.Fatal(err) // fixed has none
		}
		return outer
	})
}

// Spans of queries by otelsql, and metrics of pools by otelpool.
func Example() {
	ctx := context.Background()
	spans := tracetest.NewInMemoryExporter()
	tracer := trace.NewTracerProvider(trace.WithSyncer(spans))
	reader := metric.NewManualReader()
	meter := metric.NewMeterProvider(metric.WithReader(reader))

	m := manager.New(
		manager.WithObserver(observer.New()),
		manager.WithConfigs(map[string]conn.Config{"orders": {Dialect: "sqlite", Filename: ":memory:"}}),
		manager.WithConnOptions(traced(otelsql.WithTracerProvider(tracer), otelsql.WithMeterProvider(meter))),
	)
	defer m.CloseAll(ctx)
	stop, err := otelpool.Attach(m, otelpool.WithMeterProvider(meter))
	if err != nil {
		log.Fatal(err)
	}
	defer stop()

	db, err := m.Named(ctx, "orders")
	if err != nil {
		log.Fatal(err)
	}
	spans.Reset() // of what opening asked
	if _, err := db.ExecContext(ctx, "CREATE TABLE line (id INTEGER)"); err != nil {
		log.Fatal(err)
	}
	for _, span := range spans.GetSpans() {
		fmt.Println("span", span.Name)
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &all); err != nil {
		log.Fatal(err)
	}
	var names []string
	for _, scope := range all.ScopeMetrics {
		for _, one := range scope.Metrics {
			names = append(names, one.Name)
		}
	}
	for _, name := range []string{"db.client.connection.count", "db.client.connection.create_time"} {
		fmt.Println("metric", name, slices.Contains(names, name))
	}
	// Output:
	// span sql.conn.reset_session
	// span sql.conn.exec
	// metric db.client.connection.count true
	// metric db.client.connection.create_time true
}

// What a query costs alone, with metrics of the pool, and with otelsql as well.
func BenchmarkQuery(b *testing.B) {
	for _, with := range []struct {
		name             string
		metrics, tracing bool
	}{{"alone", false, false}, {"otelpool", true, false}, {"otelsql", true, true}} {
		b.Run(with.name, func(b *testing.B) {
			meter := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
			opts := []manager.Option{manager.WithObserver(observer.New())}
			if with.tracing { // spans that nobody samples
				tracer := trace.NewTracerProvider(trace.WithSampler(trace.NeverSample()))
				opts = append(opts, manager.WithConnOptions(traced(otelsql.WithTracerProvider(tracer), otelsql.WithMeterProvider(meter))))
			}
			m := manager.New(opts...)
			defer m.CloseAll(context.Background())
			if with.metrics {
				stop, err := otelpool.Attach(m, otelpool.WithMeterProvider(meter))
				if err != nil {
					b.Fatal(err)
				}
				defer stop()
			}
			db, err := m.Get(b.Context(), "orders", conn.Config{Dialect: "sqlite", Filename: ":memory:"})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				var one int
				if err := db.QueryRowContext(b.Context(), "SELECT 1").Scan(&one); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package tracers_test

import (
	"slices"
	"testing"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/patchbay-go/patchbay/drivers/postgres/native"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// A pgxpool of the same config as that of a name, with pgx's own tracer: database/sql has no place for that.
func TestATracerOfPgxOnTheSameConfig(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	config, err := native.PoolConfig(testserver.Postgres(t).Config(), registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	tracer := trace.NewTracerProvider(trace.WithSyncer(spans))
	config.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithTracerProvider(tracer))
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx, request := tracer.Tracer("test").Start(t.Context(), "request") // it traces only what is part of a trace
	if _, err := pool.Exec(ctx, "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	request.End()
	var names []string
	for _, span := range spans.GetSpans() {
		names = append(names, span.Name)
	}
	if !slices.Contains(names, "connect") || !slices.Contains(names, "SELECT") {
		t.Errorf("the spans are %q", names)
	}
}

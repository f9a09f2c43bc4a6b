package chaos_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/mysql/native"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/otelpool"
	"github.com/patchbay-go/patchbay/manager/prompool"
	"github.com/patchbay-go/patchbay/manager/status"
	"github.com/patchbay-go/patchbay/observer"
)

func TestMain(m *testing.M) { testserver.Main(m) }

const patience = 60 * time.Second

// world is a program under load with one database, "app", behind a proxy, and all that watches it.
type world struct {
	*testing.T
	server *testserver.Server
	proxy  *testproxy.Proxy
	second *testserver.Server // that a failover is to; nil if there is none
	spare  *testproxy.Proxy   // before it
	cfg    conn.Config
	create string // the user of the program, with a password
	change string

	m      *manager.Manager
	page   http.Handler
	ready  http.Handler
	prom   *prometheus.Registry
	reader *metric.ManualReader

	mu     sync.Mutex
	events []string // that tell of troubles and their ends
	counts map[string]float64
}

func postgres(t *testing.T) *world {
	return &world{T: t, create: "CREATE ROLE app LOGIN PASSWORD '%s'", change: "ALTER ROLE app PASSWORD '%s'"}
}

func mariadb(t *testing.T) *world {
	return &world{T: t, create: "CREATE USER app@'%%' IDENTIFIED BY '%s'", change: "ALTER USER app@'%%' IDENTIFIED BY '%s'"}
}

func TestOperatorsSeeTheTruthPostgres(t *testing.T) {
	t.Parallel()
	w := postgres(t)
	w.server = testserver.StartPostgres(t, testserver.Options{})
	chaos(w)
}

func TestOperatorsSeeTheTruthMariaDB(t *testing.T) {
	t.Parallel()
	w := mariadb(t)
	w.server = testserver.StartMariaDB(t, testserver.Options{})
	chaos(w)
}

func TestOperatorsSeeAFailoverPostgres(t *testing.T) {
	t.Parallel()
	w := postgres(t)
	w.server, w.second = testserver.StartPostgres(t, testserver.Options{}), testserver.StartPostgres(t, testserver.Options{})
	failover(w, func(s *testserver.Server, readOnly bool) {
		w.admin(s, fmt.Sprintf("ALTER SYSTEM SET default_transaction_read_only = %v", readOnly), "SELECT pg_reload_conf()")
	})
}

func TestOperatorsSeeAFailoverMariaDB(t *testing.T) {
	t.Parallel()
	w := mariadb(t)
	w.server, w.second = testserver.StartMariaDB(t, testserver.Options{}), testserver.StartMariaDB(t, testserver.Options{})
	failover(w, func(s *testserver.Server, readOnly bool) {
		w.admin(s, fmt.Sprintf("SET GLOBAL read_only = %v", readOnly))
	})
}

// failover has the second server take the place of the first: what a program sees of a promotion.
func failover(w *world, set func(s *testserver.Server, readOnly bool)) {
	w.start()
	set(w.second, true)
	first, second := w.proxy.Addr(), w.spare.Addr()
	on := func(host string) func(v view) bool {
		return func(v view) bool {
			return v.trouble == "" && v.host == host && v.role == "writer" && v.ready == 200 && v.lost == 0
		}
	}
	w.await("on the first", on(first))
	w.proxy.Refuse()
	w.proxy.CloseAll()
	w.lost("the first is gone, the second is not promoted", "role")
	set(w.second, false)
	w.await("on the second", on(second))
	w.told("failover", "connection:lost", "connection:restore")

	// The sessions of a server that becomes a reader stay, and what is asked is whether they can write.
	set(w.second, true)
	w.await("a writer that is read-only", func(v view) bool {
		return v.ready == 503 && strings.Contains(v.reason, "role: ")
	})
	w.proxy.Accept()
	w.await("on the first again", on(first))
}

// chaos runs once, and with PATCHBAY_TEST_LONG for so long.
func chaos(w *world) {
	long := time.Duration(0)
	if text := os.Getenv("PATCHBAY_TEST_LONG"); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil {
			w.Fatalf("PATCHBAY_TEST_LONG is no duration such as 30m: %v", err)
		}
	}
	w.start()
	start := time.Now()
	for round := 1; round == 1 || time.Since(start) < long; round++ {
		w.healthy("at first")
		w.kill()
		w.freeze()
		w.newPassword()
		w.exhaust()
		w.reload(5 + round%2)
	}
}

// admin runs statements as the administrator of a server, past the proxy.
func (w *world) admin(s *testserver.Server, statements ...string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	db, err := conn.Open(ctx, s.Config(), conn.WithObserver(nil))
	if err != nil {
		w.Fatal(err)
	}
	defer db.Close()
	if db.Dialect() == "postgres" { // so that it is there after a crash: the test's server does not sync
		statements = append(statements, "CHECKPOINT")
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			w.Fatalf("%s: %v", statement, err)
		}
	}
}

func (w *world) start() {
	w.Helper()
	password := rand.Text()
	w.cfg = w.server.Config()
	w.admin(w.server, fmt.Sprintf(w.create, password))
	w.proxy = testproxy.New(w, fmt.Sprintf("%s:%d", w.server.Host, w.server.Port))
	w.cfg.Host, w.cfg.Port, w.cfg.User, w.cfg.Password = w.proxy.Host(), w.proxy.Port(), "app", conn.NewSecret(password)
	if w.second != nil {
		w.admin(w.second, fmt.Sprintf(w.create, password))
		w.spare = testproxy.New(w, fmt.Sprintf("%s:%d", w.second.Host, w.second.Port))
		w.cfg.Host, w.cfg.Port = "", 0
		w.cfg.Hosts, w.cfg.Role = []string{w.proxy.Addr(), w.spare.Addr()}, conn.RoleWriter
	}
	if w.cfg.Dialect == "mysql" {
		w.cfg.Database = "" // the user has no rights
	}
	w.cfg.ConnectTimeout, w.cfg.Pool = time.Second, conn.Pool{Min: 2, Max: 4}
	w.m = manager.New(
		manager.WithObserver(observer.New()), manager.WithConfigs(map[string]conn.Config{"app": w.cfg}),
		manager.WithConnOptions(conn.WithCheckInterval(200*time.Millisecond)),
		manager.WithStarveAfter(200*time.Millisecond), manager.WithGrace(100*time.Millisecond),
	)
	w.Cleanup(func() { _ = w.m.CloseAll(context.Background()) }) // the load may be cut off
	observer.On(w.m.Observer(), func(e observer.Event) {
		switch e.(type) {
		case conn.Lost, conn.Restored, manager.Starved, manager.Recovered:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e.EventName())
		}
	})
	s := status.New(w.m)
	w.Cleanup(s.Close)
	w.page, w.ready = s.Page(), s.Ready()
	c := prompool.New(w.m)
	w.Cleanup(c.Close)
	w.prom = prometheus.NewPedanticRegistry()
	w.prom.MustRegister(c)
	w.reader = metric.NewManualReader()
	stop, err := otelpool.Attach(w.m, otelpool.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(w.reader))))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = stop() })

	if _, err := w.m.Named(w.Context(), "app"); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var load sync.WaitGroup
	w.Cleanup(func() {
		cancel()
		load.Wait()
	})
	load.Go(func() { w.load(ctx) })
}

// load asks the database again and again, as a program does whose requests have a deadline.
func (w *world) load(ctx context.Context) {
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		request, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		if db, err := w.m.Named(request, "app"); err == nil {
			_, _ = db.ExecContext(request, "SELECT 1") // what becomes of it is what is to be seen elsewhere
		}
		cancel()
	}
}

// view is what operators see at a moment.
type view struct {
	trouble, kind string // of the page
	host, role    string
	max           int
	ready         int
	reason        string
	lost, starving,
	otelLost, otelStarving float64
}

func (w *world) look() (v view) {
	w.Helper()
	var shot status.Snapshot
	if err := json.Unmarshal([]byte(w.get(w.page, "/?data=json", &v.ready)), &shot); err != nil {
		w.Fatal(err)
	}
	v.reason = w.get(w.ready, "/readyz?verbose", &v.ready)
	for _, p := range shot.Pools {
		if p.Name == "app" && p.State == "open" {
			v.trouble, v.host, v.role, v.max = p.Trouble, p.Host, p.Role, p.Max
			if p.Failure != nil {
				v.kind = p.Failure.Kind
			}
		}
	}
	prom, otel := w.scrape(), w.collect()
	v.lost, v.starving = prom["patchbay_pool_lost"], prom["patchbay_pool_starving"]
	v.otelLost, v.otelStarving = otel["patchbay.pool.lost"], otel["patchbay.pool.starving"]
	return v
}

func (w *world) get(h http.Handler, url string, code *int) (body string) {
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest("GET", url, nil))
	*code = r.Code
	return r.Body.String()
}

// scrape returns the metrics for Prometheus by name, and fails the test if one that counts has fallen since the last time.
func (w *world) scrape() map[string]float64 {
	w.Helper()
	families, err := w.prom.Gather()
	if err != nil {
		w.Fatal(err) // a series that is there twice, too
	}
	all, counts := make(map[string]float64), make(map[string]float64)
	for _, f := range families {
		for _, one := range f.GetMetric() {
			name := f.GetName()
			for _, label := range one.GetLabel() {
				if label.GetName() == "kind" {
					name += " " + label.GetValue()
				}
			}
			all[name] += one.GetGauge().GetValue() + one.GetCounter().GetValue() + float64(one.GetHistogram().GetSampleCount())
			if f.GetType() != dto.MetricType_GAUGE {
				counts[name] = all[name]
			}
		}
	}
	for name, before := range w.counts {
		if counts[name] < before {
			w.Errorf("%s fell from %v to %v", name, before, counts[name])
		}
	}
	w.counts = counts
	return all
}

// collect returns the sums of OpenTelemetry by name, of one series each.
func (w *world) collect() map[string]float64 {
	w.Helper()
	var got metricdata.ResourceMetrics
	if err := w.reader.Collect(w.Context(), &got); err != nil {
		w.Fatal(err)
	}
	all := make(map[string]float64)
	for _, scope := range got.ScopeMetrics {
		for _, one := range scope.Metrics {
			sum, ok := one.Data.(metricdata.Sum[int64])
			if !ok {
				continue
			}
			seen := make(map[attribute.Distinct]bool)
			for _, p := range sum.DataPoints {
				if seen[p.Attributes.Equivalent()] {
					w.Errorf("%s is there twice", one.Name)
				}
				seen[p.Attributes.Equivalent()] = true
				all[one.Name] += float64(p.Value)
			}
		}
	}
	return all
}

// await waits until operators see what they should, all in one look.
func (w *world) await(what string, ok func(view) bool) {
	w.Helper()
	for deadline := time.Now().Add(patience); ; {
		v := w.look()
		if ok(v) {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("%s: at the end operators see %+v", what, v)
		}
	}
}

func (w *world) healthy(what string) {
	w.Helper()
	w.await(what, func(v view) bool {
		return v.trouble == "" && v.ready == 200 && v.lost == 0 && v.starving == 0 && v.otelLost == 0 && v.otelStarving == 0
	})
}

// lost waits until operators see that the database is lost, and why.
func (w *world) lost(what, kind string) {
	w.Helper()
	before := w.scrape()["patchbay_connect_errors_total "+kind]
	w.await(what, func(v view) bool {
		return v.trouble == "lost" && v.kind == kind && v.ready == 503 && strings.Contains(v.reason, "[-]app failed: ") && v.lost == 1 && v.otelLost == 1
	})
	w.await(what+", counted", func(view) bool { return w.scrape()["patchbay_connect_errors_total "+kind] > before })
}

// told fails the test unless the events since the last call were these.
func (w *world) told(what string, want ...string) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.events, want) {
		w.Errorf("%s: the events are %v, want %v", what, w.events, want)
	}
	w.events = nil
}

func (w *world) kill() {
	w.server.Kill(w)
	w.proxy.Refuse() // as the server itself would
	w.proxy.CloseAll()
	w.lost("killed", "unreachable")
	w.server.Restart(w, testserver.Options{})
	w.proxy.Accept()
	w.healthy("back after it was killed")
	w.told("killed", "connection:lost", "connection:restore")
}

func (w *world) freeze() {
	w.proxy.Stall()
	w.lost("frozen", "timeout")
	w.proxy.Resume()
	w.healthy("back after it was frozen")
	w.told("frozen", "connection:lost", "connection:restore")
}

func (w *world) newPassword() {
	password := rand.Text()
	w.admin(w.server, fmt.Sprintf(w.change, password))
	w.healthy("with the old password: what is open works")
	w.proxy.CloseAll()
	w.lost("with a password that is no more", "auth")
	w.cfg.Password = conn.NewSecret(password)
	w.apply()
	w.healthy("with the new password")
	w.told("another password", "connection:lost") // that pool did not come back
}

func (w *world) apply() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	if err := w.m.Reload(ctx, map[string]conn.Config{"app": w.cfg}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) exhaust() {
	db, err := w.m.Named(w.Context(), "app")
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	var giveBack []func() error
	for range db.Stats().MaxOpenConnections {
		one, err := db.Conn(ctx)
		if err != nil {
			w.Fatal(err)
		}
		giveBack = append(giveBack, one.Close)
	}
	w.await("exhausted", func(v view) bool {
		return v.trouble == "exhausted" && v.ready == 503 && strings.Contains(v.reason, "the pool is exhausted") && v.starving == 1 && v.otelStarving == 1 && v.lost == 0
	})
	for _, f := range giveBack {
		if err := f(); err != nil {
			w.Error(err)
		}
	}
	w.healthy("no longer exhausted")
	w.told("exhausted", "pool:starve", "pool:recover")
}

func (w *world) reload(most int) {
	w.cfg.Pool.Max = most
	before := maps.Clone(w.scrape())
	w.apply()
	w.await("reloaded", func(v view) bool { return v.max == most && v.trouble == "" && v.ready == 200 })
	if got := w.scrape()["go_sql_max_open_connections"]; got != float64(most) {
		w.Errorf("Prometheus sees a maximum of %v", got)
	}
	if after := w.scrape()["patchbay_connect_duration_seconds"]; after <= before["patchbay_connect_duration_seconds"] {
		w.Errorf("no connection was opened: %v, and %v before", after, before)
	}
	w.told("reloaded")
}

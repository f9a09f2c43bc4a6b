package docs_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/manager/otelpool"
	"github.com/patchbay-go/patchbay/manager/prompool"
	"github.com/patchbay-go/patchbay/manager/status"
	"github.com/patchbay-go/patchbay/observer"
	"github.com/patchbay-go/patchbay/observer/eventlog"
)

func TestOperators(t *testing.T) {
	m, mux := manager.New(), http.NewServeMux()
	defer func() {
		if err := m.CloseAll(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := m.Get(t.Context(), "orders", conn.Config{Dialect: "sqlite", Filename: ":memory:"}); err != nil {
		t.Fatal(err)
	}

	s := status.New(m)
	mux.Handle("GET /readyz", s.Ready())         // as Kubernetes asks: ?verbose, ?exclude=name
	mux.Handle("GET /debug/databases", s.Page()) // one page, live, behind any prefix; ?data=json
	prometheus.MustRegister(prompool.New(m))     // manager/prompool, a module of its own
	stop, err := otelpool.Attach(m)              // manager/otelpool, likewise
	if err != nil {
		t.Fatal(err)
	}

	defer s.Close()
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	for path, want := range map[string]string{"/readyz?verbose": "[+]orders ok", "/debug/databases?data=json": `"name":"orders"`} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is %d\n%s", path, w.Code, w.Body)
		}
	}
	all, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range all {
		if family.GetName() == "go_sql_max_open_connections" {
			return
		}
	}
	t.Error("no metric of the pool")
}

// The table of events has those that the library exports, with the levels at which they are logged.
func TestEventsOfOperators(t *testing.T) {
	document, err := os.ReadFile("../../../docs/operators.md")
	if err != nil {
		t.Fatal(err)
	}
	exported, err := os.ReadFile("../testdata/api/patchbay.txt")
	if err != nil {
		t.Fatal(err)
	}
	events := []observer.Event{
		conn.Opened{},
		conn.Retrying{},
		conn.Failed{},
		conn.Closed{},
		conn.Warmed{},
		conn.Dialed{},
		conn.Lost{},
		conn.Restored{},
		conn.HostDown{},
		conn.HostUp{},
		conn.RoleChanged{},
		manager.Starved{},
		manager.Recovered{},
		manager.Evicted{},
		manager.Held{},
		configfile.Reloaded{},
		observer.Dropped{},
		observer.Error{},
	}
	if n := len(regexp.MustCompile(`(?m)^func \(\w+\) EventName\(\) string$`).FindAll(exported, -1)); n != len(events) {
		t.Errorf("the library exports %d events, and %d are looked for", n, len(events))
	}
	rows := regexp.MustCompile("(?m)^\\| `(\\S+)` \\| `(\\S+)` \\| .* \\| ([A-Z]+) \\|$").FindAllStringSubmatch(string(document), -1)
	if len(rows) != len(events) {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for i, e := range events {
		var logged strings.Builder
		eventlog.Listener(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))(e)
		name, is, level := rows[i][1], rows[i][2], rows[i][3]
		if name != e.EventName() || is != fmt.Sprintf("%T", e) || !strings.Contains(logged.String(), "level="+level+" ") {
			t.Errorf("the row of %s, %s and %s; %T is logged as %s", name, is, level, e, logged.String())
		}
	}
}

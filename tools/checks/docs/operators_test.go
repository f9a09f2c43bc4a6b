package docs_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/otelpool"
	"github.com/patchbay-go/patchbay/manager/prompool"
	"github.com/patchbay-go/patchbay/manager/status"
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

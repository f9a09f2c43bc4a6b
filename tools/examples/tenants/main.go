// Tenants serves each tenant from a database of its own: GET /TENANT/count counts its visits. At most 100 databases are open at
// a time, and one that nobody has asked for in ten minutes is closed.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers" // the build tags say which
	"github.com/patchbay-go/patchbay/manager"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := newServer(conn.Config{Dialect: "sqlite", Filename: "tenants"})
	web := &http.Server{Addr: "localhost:8080", Handler: s, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = web.Shutdown(context.WithoutCancel(ctx)) }) // ListenAndServe returns then
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Print(err)
	}
	if err := s.databases.CloseAll(context.Background()); err != nil {
		log.Print(err)
	}
}

// server keeps the databases of the tenants, whose configs differ in their file alone.
type server struct {
	databases *manager.Manager
	common    conn.Config
}

func newServer(common conn.Config) *server {
	return &server{manager.New(manager.WithLimit(100), manager.WithIdleTime(10*time.Minute)), common}
}

var path = regexp.MustCompile(`^/([a-z0-9]{1,40})/count$`)

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := path.FindStringSubmatch(r.URL.Path)
	if m == nil {
		http.NotFound(w, r)
		return
	}
	n, err := s.count(r.Context(), m[1])
	if err != nil {
		log.Print(err) // it names the tenant, and has no secret
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, n)
}

// count holds the tenant's database for as long as it needs it.
func (s *server) count(ctx context.Context, tenant string) (n int, err error) {
	cfg := s.common.Clone()
	cfg.Filename = filepath.Join(s.common.Filename, tenant+".db")
	lease, err := s.databases.Acquire(ctx, tenant, cfg)
	if err != nil {
		return 0, err
	}
	defer lease.Release()
	const visit = `insert into visits (page, n) values ('/', 1) on conflict (page) do update set n = n + 1 returning n`
	db := lease.Conn()
	err = db.QueryRowContext(ctx, visit).Scan(&n)
	if conn.KindOf(err) == conn.KindUndefined { // a new tenant
		if _, err := db.ExecContext(ctx, "create table if not exists visits (page text primary key, n int)"); err != nil {
			return 0, err
		}
		err = db.QueryRowContext(ctx, visit).Scan(&n)
	}
	return n, err
}

package docs_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/status"
)

func TestMain(m *testing.M) { testserver.Main(m) }

func TestTLS(t *testing.T) {
	s := testserver.Postgres(t)
	if s.CA == nil {
		t.Skip("the CA of a server that is given by a URL is not known")
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("ca.pem", []byte(s.CA.PEM), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cfg := t.Context(), s.Config()
	cfg.TLS = &conn.TLS{CAFile: "ca.pem"}
	db, err := conn.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var encrypted bool
	if err := db.QueryRow("select ssl from pg_stat_ssl where pid = pg_backend_pid()").Scan(&encrypted); err != nil || !encrypted {
		t.Errorf("encrypted: %v, %v", encrypted, err)
	}
}

func TestSQLite(t *testing.T) {
	ctx, copyName := t.Context(), filepath.Join(t.TempDir(), "copy.db")
	db, err := conn.OpenURL(ctx, "sqlite:"+filepath.Join(t.TempDir(), "app.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create table stock (item text, left int); insert into stock values ('tea', 3)"); err != nil {
		t.Fatal(err)
	}
	err = db.InTx(ctx, nil, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "update stock set left = left - 1 where item = ?", "tea")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(ctx, "vacuum into ?", copyName)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := conn.OpenURL(ctx, "sqlite:"+copyName)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	var left int
	if err := copied.QueryRow("select left from stock").Scan(&left); err != nil || left != 2 {
		t.Errorf("%d are left, %v", left, err)
	}
}

func TestReaders(t *testing.T) {
	ctx := t.Context()
	db, err := conn.OpenURL(ctx, "sqlite:"+filepath.Join(t.TempDir(), "app.db?readers=true"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create table item (name text); insert into item values ('tea')"); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Reader().QueryContext(ctx, "select name from item")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() || rows.Err() != nil {
		t.Errorf("no row: %v", rows.Err())
	}
	if db.Reader() == db || db.Reader().Name() != "reader" || db.Stats().MaxOpenConnections != 1 {
		t.Errorf("the pool for reading is %q, and the other has %d connections", db.Reader().Name(), db.Stats().MaxOpenConnections)
	}
}

func TestInTests(t *testing.T) {
	db, err := conn.OpenURL(t.Context(), "sqlite::memory:")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestTenants(t *testing.T) {
	ctx, common := t.Context(), conn.Config{Dialect: "sqlite", Filename: ":memory:"}
	m := manager.New(manager.WithLimit(100), manager.WithIdleTime(10*time.Minute))
	defer func() {
		if err := m.CloseAll(ctx); err != nil {
			t.Error(err)
		}
	}()
	use := func(tenant string) error {
		cfg := common.Clone()
		cfg.Database = "tenant_" + tenant
		if cfg.Database != "tenant_x?ssl=false" {
			t.Errorf("the database is %s", cfg.Database)
		}
		cfg.Database = ""
		lease, err := m.Acquire(ctx, tenant, cfg)
		if err != nil {
			return err
		}
		defer lease.Release()
		return lease.Conn().PingContext(ctx)
	}
	if err := use("x?ssl=false"); err != nil {
		t.Error(err)
	}
}

func TestKubernetes(t *testing.T) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	stop()
	<-ctx.Done()
	server, m := new(http.Server), manager.New()
	db, err := m.Get(t.Context(), "a", conn.Config{Dialect: "sqlite", Filename: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	s := status.New(m)
	s.Close() // s is status.New(m)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	err = errors.Join(server.Shutdown(last), m.CloseAll(last))
	if err != nil || db.Ping() == nil {
		t.Errorf("closed with %v", err)
	}
}

var errTaken = errors.New("taken")

func TestRaw(t *testing.T) {
	ctx := t.Context()
	db, err := conn.Open(ctx, testserver.Postgres(t).Config())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	one, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	err = one.Raw(func(driverConn any) error {
		own := driverConn.(*stdlib.Conn).Conn() // a *pgx.Conn
		_, err := own.Exec(ctx, "listen orders")
		return err
	})
	if err != nil {
		t.Error(err)
	}
	insert := func() error {
		_, err := one.ExecContext(ctx, "create temp table if not exists k (a int primary key); insert into k values (1)")
		if conn.KindOf(err) == conn.KindUnique {
			return errTaken
		}
		return err
	}
	if first, second := insert(), insert(); first != nil || !errors.Is(second, errTaken) {
		t.Errorf("got %v and %v", first, second)
	}
}

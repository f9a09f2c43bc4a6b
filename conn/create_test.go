package conn_test

import (
	"crypto/rand"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testuser"
)

// Several programs that start together create their database once, under a name that has to be quoted.
func TestCreateDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := servers[dialect](t)
		cfg := s.Config()
		cfg.Database = "new \"`]' " + strings.ToLower(rand.Text()[:8])
		if err := conn.Test(limit(t), cfg); conn.KindOf(err) != conn.KindNoDatabase {
			t.Fatalf("before: %v", err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := conn.CreateDatabase(limit(t), cfg); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		db, _ := opens(t, cfg)
		var one int
		if err := db.QueryRow("SELECT 1").Scan(&one); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		server, _ := opens(t, cfg, conn.ServerOnly())
		if _, err := server.ExecContext(limit(t), "DROP DATABASE "+server.Info().QuoteName(cfg.Database)); err != nil {
			t.Error(err)
		}

		poor := testuser.New(t, s).Config() // whose database is there, and who may create none
		if err := conn.CreateDatabase(limit(t), poor); err != nil {
			t.Errorf("for a database that is there: %v", err)
		}
		cfg = s.Config()
		cfg.Database = ""
		if err := conn.CreateDatabase(limit(t), cfg); conn.KindOf(err) != conn.KindConfig {
			t.Errorf("without a name: %v", err)
		}
	})
	file := filepath.Join(t.TempDir(), "new.db")
	for range 2 {
		if err := conn.CreateDatabase(t.Context(), conn.Config{Dialect: "sqlite", Filename: file}); err != nil {
			t.Error(err)
		}
	}
	if err := conn.Test(t.Context(), conn.Config{Dialect: "sqlite", Filename: file}); err != nil {
		t.Error(err)
	}
}

// The options of a caller may be a part of a longer slice, which is his.
func TestCreateDatabaseLeavesTheOptionsOfItsCaller(t *testing.T) {
	db := newCluster()
	db.set("a", failing(errNone))
	cfg := db.config("a")
	cfg.Database = "shop"
	opts := append(make([]conn.Option, 0, 8), conn.WithRegistry(db.registry), conn.WithObserver(nil))
	if err := conn.CreateDatabase(t.Context(), cfg, opts...); conn.KindOf(err) != conn.KindNoDatabase {
		t.Error(err)
	}
	if opts[:3][2] != nil {
		t.Error("an option was added to those of the caller")
	}
}

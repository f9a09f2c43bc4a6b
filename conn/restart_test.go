package conn_test

import (
	"crypto/tls"
	"database/sql"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/tdstest"
	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// TestNoStatementFailsAfterARestart restarts a server behind ten idle connections: case D2, and its siblings. The drivers
// look at a connection before they use it, or tell database/sql that nothing of the statement was sent.
func TestNoStatementFailsAfterARestart(t *testing.T) {
	onEach(t, func(t *testing.T, dialect string) {
		s := starters[dialect](t, testserver.Options{})
		for name, encryption := range map[string]*conn.TLS{"plaintext": nil, "TLS": s.TLS()} {
			cfg := s.Config()
			cfg.TLS = encryption
			survives(t, name, cfg, func() { s.Restart(t, testserver.Options{}) })
		}
	})
	t.Run("mssql", func(t *testing.T) {
		ca := testcert.NewCA("restart")
		s := tdstest.Start(t, tdstest.Options{TLS: &tls.Config{Certificates: []tls.Certificate{ca.Server().TLS()}}})
		for name, encryption := range map[string]*conn.TLS{"plaintext": nil, "TLS": {CA: ca.PEM}} {
			cfg := s.Config()
			cfg.TLS = encryption
			survives(t, name, cfg, func() {
				options := s.Options()
				options.Addr = s.Addr()
				s.Shutdown()
				s = tdstest.Start(t, options)
			})
		}
	})
}

// survives runs statements after a restart.
func survives(t *testing.T, name string, cfg conn.Config, restart func()) {
	t.Helper()
	const idle, statements = 10, 20
	cfg.Pool.Max = idle
	c, err := conn.Open(limit(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // which PostgreSQL's driver cannot do in order over TLS with a connection that the server has closed
	var held []*sql.Conn
	for range idle {
		one, err := c.Conn(limit(t))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, one)
	}
	for _, one := range held {
		if err := one.Close(); err != nil { // which gives it back
			t.Fatal(err)
		}
	}
	restart()
	failed := 0
	for range statements {
		if _, err := c.ExecContext(limit(t), "SELECT 1"); err != nil {
			failed++
			t.Logf("%s: %v", name, err)
		}
	}
	t.Logf("%s: %d of %d statements failed", name, failed, statements)
	if failed > 0 {
		t.Errorf("%s: %d of %d statements failed", name, failed, statements)
	}
}

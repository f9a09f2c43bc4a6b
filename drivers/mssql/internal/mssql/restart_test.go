package mssql

import (
	"fmt"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// TestRestart is case D2 on the scripted server, which comes back at the same address behind ten idle connections.
func TestRestart(t *testing.T) {
	for _, m := range modes {
		for _, how := range []string{"shut down", "killed"} {
			t.Run(m.name+", "+how, func(t *testing.T) {
				s := start(t)
				cfg := m.config(s)
				cfg.Pool.Max = 10
				db, err := open(limit(t), t, cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				fill(t, db, 10)
				if how == "killed" {
					s.Close()
				} else {
					s.Shutdown()
				}
				options := s.Options()
				options.Addr = s.Addr()
				again := tdstest.Start(t, options)
				failed := 0
				for range 20 {
					if _, err := db.ExecContext(limit(t), "SELECT 1"); err != nil {
						failed++
						t.Log(err)
					}
				}
				if failed > 0 {
					t.Errorf("%d of 20 statements failed", failed)
				}
				if n := len(again.Connections()); n == 0 {
					t.Error("the new server was not asked")
				}
			})
		}
	}
}

// fill leaves n idle connections in the pool.
func fill(t *testing.T, db *conn.Conn, n int) {
	t.Helper()
	for i := range n {
		held, err := db.Conn(limit(t))
		if err != nil {
			t.Fatal(fmt.Errorf("connection %d: %w", i, err))
		}
		defer held.Close()
	}
}

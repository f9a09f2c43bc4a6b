package testdriver

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

// Trips counts the round trips of opening a database and asking for 1: through the driver, and with what byHand
// returns for the same config.
func (d Driver) Trips(t *testing.T, s *testserver.Server, byHand func(registry.Config) *sql.DB) (ours, theirs int) {
	count := func(open func(registry.Config) *sql.DB) int {
		proxy := testproxy.New(t, fmt.Sprint(s.Host, ":", s.Port))
		cfg := s.Config()
		cfg.Host, cfg.Port = proxy.Host(), proxy.Port()
		db := open(cfg)
		defer db.Close()
		var one int
		if err := db.QueryRowContext(Context(t), "SELECT 1").Scan(&one); err != nil {
			t.Fatal(err)
		}
		return proxy.Trips()
	}
	return count(func(cfg registry.Config) *sql.DB { return d.Pool(t, cfg, registry.Env{}) }), count(byHand)
}

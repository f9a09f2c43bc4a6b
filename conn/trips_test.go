package conn_test

import (
	"database/sql"
	"database/sql/driver"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

var servers = map[string]func(testing.TB) *testserver.Server{"postgres": testserver.Postgres, "mysql": testserver.MariaDB}

// through returns the config of a server behind a new proxy.
func through(tb testing.TB, s *testserver.Server) (conn.Config, *testproxy.Proxy) {
	tb.Helper()
	cfg := s.Config()
	proxy := testproxy.New(tb, net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)))
	cfg.Host, cfg.Port = proxy.Host(), proxy.Port()
	return cfg, proxy
}

// openWith opens cfg through this package.
func openWith(tb testing.TB, cfg conn.Config) *sql.DB {
	tb.Helper()
	db, err := conn.Open(tb.Context(), cfg, conn.WithObserver(nil))
	if err != nil {
		tb.Fatal(err)
	}
	return db.DB
}

// byHand holds what a program would write without this package, with the settings that it cannot do without:
// UTF-8, and times as such.
var byHand = map[string]func(conn.Config) (driver.Connector, error){
	"postgres": func(cfg conn.Config) (driver.Connector, error) {
		config, err := pgx.ParseConfig("sslmode=disable")
		if err != nil {
			return nil, err
		}
		config.Host, config.Port, config.Database = cfg.Host, uint16(cfg.Port), cfg.Database
		config.User, config.Password = cfg.User, cfg.Password.Reveal()
		return stdlib.GetConnector(*config), nil
	},
	"mysql": func(cfg conn.Config) (driver.Connector, error) {
		config := mysql.NewConfig()
		config.Net, config.Addr, config.DBName = "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)), cfg.Database
		config.User, config.Passwd, config.ParseTime = cfg.User, cfg.Password.Reveal(), true
		if err := config.Apply(mysql.Charset("utf8mb4", "")); err != nil {
			return nil, err
		}
		return mysql.NewConnector(config)
	},
}

// openByHand opens cfg with the bare driver and asks.
func openByHand(tb testing.TB, cfg conn.Config) *sql.DB {
	tb.Helper()
	connector, err := byHand[cfg.Dialect](cfg)
	if err != nil {
		tb.Fatal(err)
	}
	db := sql.OpenDB(connector)
	var one int
	if err := db.QueryRowContext(tb.Context(), "SELECT 1").Scan(&one); err != nil {
		tb.Fatal(err)
	}
	return db
}

// trips counts what it takes to open and ask. The farewell of a connection is none: nobody waits for it.
func trips(tb testing.TB, cfg conn.Config, proxy *testproxy.Proxy, open func(testing.TB, conn.Config) *sql.DB) (n int) {
	tb.Helper()
	before := len(proxy.Conns())
	db := open(tb, cfg)
	for _, c := range proxy.Conns()[before:] {
		n += c.Trips()
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestOpeningCostsNoRoundTripMore(t *testing.T) {
	for dialect, server := range servers {
		t.Run(dialect, func(t *testing.T) {
			cfg, proxy := through(t, server(t))
			ours, theirs := trips(t, cfg, proxy, openWith), trips(t, cfg, proxy, openByHand)
			if ours > theirs || theirs < 2 {
				t.Errorf("%d round trips, by hand %d", ours, theirs)
			}
		})
	}
}

// BenchmarkRoundTrips counts the round trips of opening a database and asking it once.
func BenchmarkRoundTrips(b *testing.B) {
	for dialect, server := range servers {
		for name, open := range map[string]func(testing.TB, conn.Config) *sql.DB{"patchbay": openWith, "byhand": openByHand} {
			b.Run(dialect+"/"+name, func(b *testing.B) {
				cfg, proxy := through(b, server(b))
				n := 0
				for b.Loop() {
					n += trips(b, cfg, proxy, open)
				}
				b.ReportMetric(float64(n)/float64(b.N), "roundtrips/op")
			})
		}
	}
}

// BenchmarkWarmUp opens one connection, and a pool that is to have eight, over a slow network.
func BenchmarkWarmUp(b *testing.B) {
	for name, pool := range map[string]conn.Pool{"one": {}, "eight": {Min: 8}} {
		b.Run(name, func(b *testing.B) {
			cfg, proxy := through(b, testserver.Postgres(b))
			cfg.Pool = pool
			proxy.SetLatency(20 * time.Millisecond)
			for b.Loop() {
				db := openWith(b, cfg)
				if idle := db.Stats().Idle; idle != max(pool.Min, 1) {
					b.Fatalf("%d connections are ready", idle)
				}
				b.StopTimer()
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

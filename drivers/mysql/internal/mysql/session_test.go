package mysql

import (
	"database/sql"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestWaysToTheServer(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{})
	hosts := map[string]string{"address": "127.0.0.1", "name": "localhost", "socket": s.Socket}
	if testport.HasIPv6() {
		hosts["IPv6"] = "::1"
	}
	for name, host := range hosts {
		cfg := s.Config()
		cfg.Host = host
		if err := try(t, cfg); err != nil {
			t.Errorf("by %s: %v", name, err)
		}
	}
}

func TestSessionDefaults(t *testing.T) {
	s := testserver.StartMariaDB(t, testserver.Options{Settings: map[string]string{
		"performance-schema": "1", "character-set-server": "latin1", "loose-skip-character-set-client-handshake": "1",
	}})
	cfg := s.Config()
	cfg.AppName = "billing, nightly"
	db := pool(t, cfg, registry.Env{})
	run(t, s, "CREATE TABLE times (t TIMESTAMP(6), d DATETIME(6), day DATE)", "INSERT INTO times VALUES ('2026-07-01 10:00:00.000001', '2026-07-01 10:00:00.000001', '2026-07-01')")
	now := time.Now()
	var app, client, results, zone, text string
	var stamp, plain, day, here time.Time
	err := db.QueryRowContext(limit(t), `SELECT ATTR_VALUE, @@character_set_client, @@character_set_results, @@time_zone, 'ü😀', NOW(), t, d, day
		FROM times, performance_schema.session_account_connect_attrs WHERE ATTR_NAME = 'program_name' AND PROCESSLIST_ID = CONNECTION_ID()`).
		Scan(&app, &client, &results, &zone, &text, &here, &stamp, &plain, &day)
	if err != nil {
		t.Fatal(err)
	}
	if app != "billing  nightly" || client != "utf8mb4" || results != "utf8mb4" || zone != "+00:00" || text != "ü😀" {
		t.Errorf("got %q, %q, %q, %q, %q", app, client, results, zone, text)
	}
	if want := time.Date(2026, 7, 1, 10, 0, 0, 1000, time.UTC); stamp != want || plain != want || day != want.Truncate(24*time.Hour) {
		t.Errorf("got %v, %v and %v, want %v and its day", stamp, plain, day, want)
	}
	if here.Location() != time.UTC || here.Sub(now).Abs() > time.Minute {
		t.Errorf("NOW() is %v, want about %v in UTC", here, now)
	}
}

func TestTimeZoneIsOneOnBothSides(t *testing.T) {
	s := testserver.MariaDB(t)
	for _, zone := range []string{"UTC", "+00:00", "+05:45", "-09:30"} {
		now := time.Now()
		want := now.Truncate(time.Microsecond)
		if s.IsMySQL() {
			want = now.Round(time.Microsecond)
		}
		var here, stamp time.Time
		db := pool(t, withSession(s.Config(), "time_zone", zone), registry.Env{})
		err := db.QueryRowContext(limit(t), "SELECT NOW(), CAST(? AS DATETIME(6))", now).Scan(&here, &stamp)
		if err != nil || here.Sub(now).Abs() > time.Minute || !stamp.Equal(want) {
			t.Errorf("%s: NOW() is %v, and %v comes back as %v, %v", zone, here, now, stamp, err)
		}
	}
}

func TestSessionReachesTheServer(t *testing.T) {
	s := testserver.MariaDB(t)
	cfg := s.Config()
	cfg.Session = map[string]string{
		"collation": "utf8mb4_bin", "sql_mode": "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "transaction_isolation": "READ-COMMITTED",
		"wait_timeout": "77", "lock_wait_timeout": "5", "innodb_lock_wait_timeout": "6", "tx_read_only": "on", "autocommit": "true",
		"long_query_time": "2.5", "default_storage_engine": "MEMORY", "sql_warnings": "on", "character_set_filesystem": "default",
	}
	for variable, want := range map[string]string{
		"collation_connection": "utf8mb4_bin", "sql_mode": "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "t%read_only": "ON", "autocommit": "ON",
		"long_query_time": "2.500000", "default_storage_engine": "MEMORY", "sql_warnings": "ON", "character_set_filesystem": "binary", "t%isolation": "READ-COMMITTED",
		"wait_timeout": "77", "lock_wait_timeout": "5", "innodb_lock_wait_timeout": "6",
	} {
		var name, got string
		err := pool(t, cfg, registry.Env{}).QueryRowContext(limit(t), "SHOW VARIABLES LIKE '"+variable+"'").Scan(&name, &got)
		if err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", variable, got, err, want)
		}
	}
	cfg.Session = nil
	cfg.Params = map[string]string{
		"readTimeout": "20s", "writeTimeout": "20s", "maxAllowedPacket": "0", "interpolateParams": "true", "clientFoundRows": "true",
		"multiStatements": "true", "columnsWithAlias": "true", "compress": "true",
	}
	db := pool(t, cfg, registry.Env{})
	result, err := db.ExecContext(limit(t), "CREATE TEMPORARY TABLE two AS SELECT 1 AS n; UPDATE two SET n = ?", 1)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Errorf("found %d rows, %v; want 1", n, err)
	}
}

func TestCredentialsAreAskedForEachConnection(t *testing.T) {
	tested.Credentials(t, testserver.MariaDB(t))
}

func TestOddNamesLogIn(t *testing.T) {
	tested.OddNames(t, testserver.StartMariaDB(t, testserver.Options{}))
}

func TestRawYieldsTheDriversOwnConnection(t *testing.T) {
	c := conn(t, pool(t, testserver.MariaDB(t).Config(), registry.Env{}))
	err := c.Raw(func(dc any) error {
		if name := fmt.Sprintf("%T", dc); name != "*mysql.mysqlConn" {
			return fmt.Errorf("it is a %s", name)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOpeningCostsOneStatementMore(t *testing.T) {
	ours, theirs := tested.Trips(t, testserver.MariaDB(t), func(cfg registry.Config) *sql.DB {
		config := mysql.NewConfig()
		config.Net, config.Addr, config.DBName = "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)), cfg.Database
		config.User, config.Passwd = cfg.User, cfg.Password.Reveal()
		c, err := mysql.NewConnector(config)
		if err != nil {
			t.Fatal(err)
		}
		return sql.OpenDB(c)
	})
	if ours != theirs+1 {
		t.Errorf("%d round trips, and %d with the driver alone, which sets no time zone: want one more", ours, theirs)
	}
}

func TestVersion(t *testing.T) {
	s := testserver.MariaDB(t)
	var version string
	query := Driver().Info().VersionQuery
	if err := pool(t, s.Config(), registry.Env{}).QueryRowContext(limit(t), query).Scan(&version); err != nil {
		t.Fatal(err)
	}
	if number, _, _ := strings.Cut(version, "-"); !strings.Contains(s.Version, number) {
		t.Errorf("got %q of %s", version, s.Version)
	}
}

package mysql

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/registry"
)

func TestConfigErrorsNameTheField(t *testing.T) {
	pair := testcert.NewCA("ours").Client("app")
	params := func(name, value string) registry.Config {
		return registry.Config{User: "app", Params: map[string]string{name: value}}
	}
	for _, c := range []struct {
		cfg   registry.Config
		field string
	}{
		{registry.Config{Filename: "x.db"}, "filename"},
		{registry.Config{Host: "/run/mysqld.sock", TLS: &registry.TLS{}}, "ssl.serverName"},
		{registry.Config{TLS: &registry.TLS{CA: "-----BEGIN x"}}, "ssl.ca"},
		{registry.Config{TLS: &registry.TLS{Cert: pair.Cert, Key: registry.NewSecret("-----BEGIN x")}}, "ssl.cert"},
		{params("charset", "latin1"), "params.charset"},
		{params("allowFallbackToPlaintext", "true"), "params.allowFallbackToPlaintext"},
		{params("time_zone", "SYSTEM"), "params.time_zone"},
		{params("time_zone", "Local"), "params.time_zone"},
		{params("time_zone", "+25:00"), "params.time_zone"},
		{params("time_zone", "UTC', sql_mode = '"), "params.time_zone"},
		{params("time_zone", "../../etc/passwd"), "params.time_zone"},
		{params("collation", "latin1_bin"), "params.collation"},
		{params("collation", "utf8mb4_bin, sql_mode = ''"), "params.collation"},
		{params("sql_mode", "'; DROP TABLE x"), "params.sql_mode"},
		{params("transaction_isolation", "read committed"), "params.transaction_isolation"},
		{params("wait_timeout", "5s"), "params.wait_timeout"},
		{params("readTimeout", "5"), "params.readTimeout"},
		{params("readTimeout", "-5s"), "params.readTimeout"},
		{params("maxAllowedPacket", "-1"), "params.maxAllowedPacket"},
		{params("interpolateParams", "yes"), "params.interpolateParams"},
		{params("allowCleartextPasswords", "true"), "params.allowCleartextPasswords"},
	} {
		_, err := Driver().Connector(c.cfg, registry.Env{})
		wrong, ok := errors.AsType[*registry.ConfigError](err)
		if !ok || wrong.Field != c.field || wrong.Cure == "" && !strings.HasPrefix(wrong.Problem, "must ") {
			t.Errorf("%v: got %v, want a ConfigError of %s that says what to write", c.cfg, err, c.field)
		}
	}
}

func TestStatementsAfterTheLogin(t *testing.T) {
	for _, c := range []struct {
		params map[string]string
		want   []string
	}{
		{nil, []string{"SET NAMES utf8mb4, time_zone = '+00:00'"}},
		{map[string]string{"time_zone": "UTC"}, []string{"SET NAMES utf8mb4, time_zone = '+00:00'"}},
		{
			map[string]string{
				"time_zone": "Europe/Zurich", "collation": "utf8mb4_bin", "sql_mode": "", "wait_timeout": "7",
				"lock_wait_timeout": "8", "innodb_lock_wait_timeout": "9", "transaction_isolation": "REPEATABLE-READ",
			},
			[]string{
				"SET NAMES utf8mb4 COLLATE utf8mb4_bin, time_zone = 'Europe/Zurich', sql_mode = '', wait_timeout = 7, lock_wait_timeout = 8, innodb_lock_wait_timeout = 9",
				"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
			},
		},
	} {
		if got := statements(c.params); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %q, want %q", c.params, got, c.want)
		}
	}
}

func TestNamesOfTheDialect(t *testing.T) {
	info := Driver().Info()
	if known, ok := registry.Describe("mysql"); !ok || info.Dialect != known.Dialect || info.Port != defaultPort {
		t.Errorf("got %+v, want %+v and port %d", info, known, defaultPort)
	}
	if _, err := registry.Lookup("mariadb"); err != nil {
		t.Errorf("the driver is not registered: %v", err)
	}
}

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
	session := func(name, value string) registry.Config {
		return registry.Config{User: "app", Session: map[string]string{name: value}}
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
		{params("time_zone", "UTC"), "params.time_zone"},
		{params("tls", "true"), "params.tls"},
		{params("loc", "Nowhere"), "params.loc"},
		{params("loc", "../../etc/passwd"), "params.loc"},
		{session("time_zone", "SYSTEM"), "params.loc"},
		{session("time_zone", "default"), "params.loc"},
		{session("time_zone", "Local"), "session.time_zone"},
		{session("time_zone", "+25:00"), "session.time_zone"},
		{session("time_zone", "UTC', sql_mode = '"), "session.time_zone"},
		{session("time_zone", "../../etc/passwd"), "session.time_zone"},
		{session("collation", "latin1_bin"), "session.collation"},
		{session("collation_connection", "utf8mb4_bin, sql_mode = ''"), "session.collation"},
		{session("transaction_isolation", "snapshot"), "session.transaction_isolation"},
		{session("tx_read_only", "maybe"), "session.transaction_read_only"},
		{session("names", "latin1"), "session.names"},
		{session("character_set_results", "latin1"), "session.character_set_results"},
		{session("password", "x"), "session.password"},
		{session("parseTime", "true"), "session.parseTime"},
		{session("maxAllowedPacket", "1"), "session.maxAllowedPacket"},
		{session("x = 1, @@GLOBAL.y", "1"), "session"},
		{session("sql-mode", ""), "session"},
		{session("sql_mode", "a\x00b"), "session.sql_mode"},
		{registry.Config{User: "app", Session: map[string]string{"tx_isolation": "0", "transaction_isolation": "0"}}, "session.tx_isolation"},
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
		session map[string]string
		want    []string
	}{
		{nil, []string{"SET NAMES utf8mb4, time_zone = '+00:00'"}},
		{map[string]string{"time_zone": "UTC"}, []string{"SET NAMES utf8mb4, time_zone = '+00:00'"}},
		{map[string]string{"time_zone": "default"}, []string{"SET NAMES utf8mb4, time_zone = DEFAULT"}},
		{
			map[string]string{
				"time_zone": "Europe/Zurich", "collation": "utf8mb4_bin", "sql_mode": "", "wait_timeout": "7",
				"max_error_count": "-8", "long_query_time": "1.5", "transaction_isolation": "repeatable-read", "transaction_read_only": "1",
				"foreign_key_checks": "False", "optimizer_switch": "index_merge=off", "default_week_format": "DEFAULT", "debug": `a'b\"ü`,
			},
			[]string{
				"SET NAMES utf8mb4 COLLATE utf8mb4_bin, time_zone = 'Europe/Zurich', @@SESSION.debug = _utf8mb4 x'6127625c22c3bc', " +
					"@@SESSION.default_week_format = DEFAULT, @@SESSION.foreign_key_checks = FALSE, @@SESSION.long_query_time = 1.5, " +
					"@@SESSION.max_error_count = -8, @@SESSION.optimizer_switch = 'index_merge=off', @@SESSION.sql_mode = '', @@SESSION.wait_timeout = 7",
				"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
			},
		},
	} {
		if got := statements(c.session); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %q, want %q", c.session, got, c.want)
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

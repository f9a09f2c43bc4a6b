package testserver

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/registry"
)

// Postgres returns the PostgreSQL server that all tests of this process share: that of
// PATCHBAY_TEST_POSTGRES_URL, or a private one, started by the first call. It skips or fails the test where
// there is none. Call it outside of a synctest bubble.
func Postgres(tb testing.TB) *Server {
	tb.Helper()
	return postgres.get(tb)
}

// MariaDB is Postgres for MariaDB and PATCHBAY_TEST_MYSQL_URL, which may name a MySQL server as well.
func MariaDB(tb testing.TB) *Server {
	tb.Helper()
	return mariadb.get(tb)
}

// StartPostgres starts a PostgreSQL server for this test alone, which ends with it. It skips or fails the test
// where PostgreSQL is not installed.
func StartPostgres(tb testing.TB, opts Options) *Server {
	tb.Helper()
	return postgres.open(tb, opts)
}

// StartMariaDB is StartPostgres for MariaDB.
func StartMariaDB(tb testing.TB, opts Options) *Server {
	tb.Helper()
	return mariadb.open(tb, opts)
}

// Main runs the tests of a package, shuts the servers down that they started, and exits.
func Main(m *testing.M) {
	code := m.Run()
	if err := Shutdown(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func (k *kind) get(tb testing.TB) *Server {
	tb.Helper()
	config, isGiven := Given(tb, k.dialect)
	k.once.Do(func() {
		if isGiven {
			k.common = k.given(config)
			return
		}
		if k.common, k.failure = k.launch(Options{}, testport.Pick); k.failure == nil {
			k.common.shared = true
		}
	})
	k.check(tb, k.failure)
	where := "private server"
	if isGiven {
		where = "server given by " + variable(k.dialect)
	}
	Report(k.dialect, where+" "+k.common.Version)
	return k.common
}

func (k *kind) open(tb testing.TB, opts Options) *Server {
	tb.Helper()
	s, err := k.launch(opts, testport.Pick)
	k.check(tb, err)
	tb.Cleanup(func() {
		if err := s.remove(); err != nil {
			tb.Errorf("remove %s: %v", s.Version, err)
		}
	})
	Report(k.dialect, "private server "+s.Version)
	return s
}

// check ends the test if there is no server: with a skip where none is installed, and as a failure where one
// does not work.
func (k *kind) check(tb testing.TB, err error) {
	tb.Helper()
	if missing, ok := errors.AsType[*missingError](err); ok {
		Skip(tb, k.dialect, fmt.Sprintf("%s; install it, or set %s", missing.reason, variable(k.dialect)))
	}
	if err != nil {
		Report(k.dialect, "failed to start")
		tb.Fatalf("a private server of %s: %v", k.product, err)
	}
}

// given is a server that somebody else runs.
func (k *kind) given(config registry.Config) *Server {
	info, _ := registry.Describe(k.dialect)
	config.Host, config.Port = cmp.Or(config.Host, "localhost"), cmp.Or(config.Port, info.Port)
	return &Server{
		Host: config.Host, Port: config.Port, User: config.User, Password: config.Password.Reveal(),
		Database: config.Database, Version: k.ask(config), kind: k, given: &config,
	}
}

// Browser stands for Chromium where [Report], [Skip] and PATCHBAY_TEST_REQUIRE name a dialect.
const Browser = "chromium"

// Skip reports that the dialect cannot be tested and skips the test, or fails it if PATCHBAY_TEST_REQUIRE, a
// comma-separated list, names the dialect.
func Skip(tb testing.TB, dialect, reason string) {
	tb.Helper()
	required, err := isRequired(dialect)
	if err != nil {
		tb.Fatal(err)
	}
	if required {
		Report(dialect, "missing: "+reason)
		tb.Fatalf("%s is required by PATCHBAY_TEST_REQUIRE: %s", dialect, reason)
	}
	Report(dialect, "skipped: "+reason)
	tb.Skipf("%s: %s", dialect, reason)
}

func isRequired(dialect string) (bool, error) {
	required := false
	for name := range strings.SplitSeq(os.Getenv("PATCHBAY_TEST_REQUIRE"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if name == Browser {
			required = required || dialect == Browser
			continue
		}
		info, known := registry.Describe(name)
		if !known { // it would be required of nobody
			return false, fmt.Errorf("PATCHBAY_TEST_REQUIRE names %q, which is no dialect", name)
		}
		required = required || info.Dialect == dialect
	}
	return required, nil
}

// Given returns the config in PATCHBAY_TEST_POSTGRES_URL, or the variable named like it of another dialect,
// and whether there is one. It fails the test if the URL cannot be read.
func Given(tb testing.TB, dialect string) (registry.Config, bool) {
	tb.Helper()
	text := os.Getenv(variable(dialect))
	if text == "" {
		return registry.Config{}, false
	}
	config, err := registry.ParseURL(text)
	if err != nil {
		tb.Fatalf("%s: %v", variable(dialect), err)
	}
	if info, known := registry.Describe(config.Dialect); !known || info.Dialect != dialect {
		tb.Fatalf("%s: is a URL of %s", variable(dialect), config.Dialect)
	}
	return config, true
}

func variable(dialect string) string { return "PATCHBAY_TEST_" + strings.ToUpper(dialect) + "_URL" }

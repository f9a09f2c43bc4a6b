package testserver

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testport"
)

func eachKind(t *testing.T, test func(*testing.T, *kind)) {
	for _, k := range []*kind{postgres, mariadb} {
		t.Run(k.product, func(t *testing.T) { test(t, k) })
	}
}

func TestATakenPortIsLeftToItsOwner(t *testing.T) {
	eachKind(t, func(t *testing.T, k *kind) {
		hosts := []string{"127.0.0.1"}
		if testport.HasIPv6() {
			hosts = append(hosts, "::1")
		}
		for _, host := range hosts {
			free, err := testport.Pick()
			if err != nil {
				t.Fatal(err)
			}
			owner, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
			if err != nil {
				t.Fatal(err)
			}
			defer owner.Close()
			ports := []int{owner.Addr().(*net.TCPAddr).Port, free}
			s, err := k.launch(Options{}, func() (int, error) {
				port := ports[0]
				ports = ports[1:]
				return port, nil
			})
			k.check(t, err)
			if s.Port != free {
				t.Errorf("it runs on the port %d, whose owner listens on %s", s.Port, host)
			}
			if err := s.remove(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestASettingThatIsWrongFailsWithTheLog(t *testing.T) {
	eachKind(t, func(t *testing.T, k *kind) {
		if _, err := k.find(); err != nil {
			k.check(t, err)
		}
		before := folders(t)
		_, err := k.launch(Options{Settings: map[string]string{"no_such_setting": "1"}}, testport.Pick)
		if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
			t.Errorf("it says %v", err)
		}
		if after := folders(t); len(after) > len(before)+1 { // of the pristine one, if this is the first
			t.Errorf("the failed start left %d folders, there were %d", len(after), len(before))
		}
	})
}

func folders(t *testing.T) []string {
	h, err := home()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(h.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestATestsOwnServerLeavesNothing(t *testing.T) {
	eachKind(t, func(t *testing.T, k *kind) {
		var s *Server
		t.Run("owner", func(t *testing.T) { s = k.open(t, Options{}) })
		if s == nil {
			return // skipped
		}
		if _, err := os.Stat(s.home); !os.IsNotExist(err) {
			t.Errorf("its folder: %v", err)
		}
		if running := built.Load().watchdog.all(); s.process != nil || k.common == nil && len(running) > 0 {
			t.Errorf("its processes: %v", running)
		}
	})
}

func TestWhatIsNotInstalledIsSkippedUnlessRequired(t *testing.T) {
	absent := &kind{dialect: "postgres", product: "PostgreSQL", find: func() (programs, error) {
		return programs{}, &missingError{"no postgres found"}
	}}
	const reason = "no postgres found; install it, or set PATCHBAY_TEST_POSTGRES_URL"
	for _, c := range []struct{ require, outcome, fact string }{
		{"", "skipped: postgres: " + reason, "skipped: " + reason},
		{"mysql", "skipped: postgres: " + reason, "skipped: " + reason},
		{"mysql, pg", "failed: postgres is required by PATCHBAY_TEST_REQUIRE: " + reason, "missing: " + reason},
		{"postgers", `failed: PATCHBAY_TEST_REQUIRE names "postgers", which is no dialect`, ""},
	} {
		t.Setenv("PATCHBAY_TEST_POSTGRES_URL", "")
		t.Setenv("PATCHBAY_TEST_REQUIRE", c.require)
		for _, ask := range []func(testing.TB){
			func(tb testing.TB) { absent.get(tb) },
			func(tb testing.TB) { absent.open(tb, Options{}) },
		} {
			t.Setenv("PATCHBAY_TEST_SUMMARY", t.TempDir())
			if rec := record(ask); rec.outcome != c.outcome {
				t.Errorf("requiring %q: the test %s", c.require, rec.outcome)
			}
			facts, err := ReadSummary(os.Getenv("PATCHBAY_TEST_SUMMARY"))
			want := []Fact{{"postgres", c.fact, 1}}
			if c.fact == "" {
				want = nil
			}
			if err != nil || !slices.Equal(facts, want) {
				t.Errorf("requiring %q: the summary is %v, %v", c.require, facts, err)
			}
		}
	}
}

func TestAServerGivenByURLIsUsedAndNotTouched(t *testing.T) {
	for _, fresh := range []*kind{newPostgres(), newMariaDB()} {
		t.Run(fresh.product, func(t *testing.T) {
			real := map[string]*kind{"postgres": postgres, "mysql": mariadb}[fresh.dialect].open(t, Options{})
			u := url.URL{
				Scheme: fresh.dialect, User: url.UserPassword(real.User, real.Password),
				Host: net.JoinHostPort(real.Host, fmt.Sprint(real.Port)), Path: real.Database,
			}
			t.Setenv(variable(fresh.dialect), u.String())
			t.Setenv("PATCHBAY_TEST_SUMMARY", t.TempDir())
			s := fresh.get(t)
			if config, want := s.Config(), real.Config(); !config.Equal(want) {
				t.Errorf("its config is %v, want %v", config, want)
			}
			facts, err := ReadSummary(os.Getenv("PATCHBAY_TEST_SUMMARY"))
			what := fmt.Sprintf("server given by %s %s", variable(fresh.dialect), real.Version)
			if want := []Fact{{fresh.dialect, what, 1}}; err != nil || !slices.Equal(facts, want) {
				t.Errorf("the summary is %v, %v; want %v", facts, err, want)
			}
			for _, touch := range []func(testing.TB){
				s.Stop, s.Kill,
				func(tb testing.TB) { s.Restart(tb, Options{}) },
				func(tb testing.TB) { s.Signal(tb, os.Interrupt) },
			} {
				if rec := record(touch); !strings.Contains(rec.outcome, "other tests use it too") {
					t.Errorf("touching it: %q", rec.outcome)
				}
			}
		})
	}
}

func TestABadURLFailsTheTest(t *testing.T) {
	for text, says := range map[string]string{
		"postgres://h/a/b": "PATCHBAY_TEST_POSTGRES_URL: ",
		"mysql://h/a":      "PATCHBAY_TEST_POSTGRES_URL: is a URL of mysql",
	} {
		t.Setenv("PATCHBAY_TEST_POSTGRES_URL", text)
		if rec := record(func(tb testing.TB) { Postgres(tb) }); !strings.HasPrefix(rec.outcome, "failed: "+says) {
			t.Errorf("with %s the test %s", text, rec.outcome)
		}
	}
}

func TestAServerOfUnknownVersionIsReportedAsSuch(t *testing.T) {
	silent, err := testport.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	for _, k := range []*kind{postgres, mariadb} {
		config := (&Server{kind: k, Host: "127.0.0.1", Port: silent.Addr().(*net.TCPAddr).Port}).Config()
		if version := k.ask(config); !strings.HasPrefix(version, "of unknown version (") {
			t.Errorf("%s: %s", k.product, version)
		}
	}
}

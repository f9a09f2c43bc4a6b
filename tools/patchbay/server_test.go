//go:build postgres || mysql || alldrivers

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// user is one that no other test process makes on the same server.
var user = fmt.Sprint("pb_tester_", os.Getpid())

// The statements by which the tests make a user whose password is the secret.
var createUser = map[string]string{
	"postgres": "create user " + user + " password '" + secret + "'",
	"mysql":    "create user " + user + " identified by '" + secret + "'",
}

// tester makes a user with the secret as his password and returns his URL for the server.
func tester(t *testing.T, s *testserver.Server) string {
	t.Helper()
	cfg := s.Config()
	exec := func(ctx context.Context, statement string) {
		t.Helper()
		c, err := conn.Open(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(t.Context(), createUser[cfg.Dialect])
	t.Cleanup(func() { exec(context.Background(), "drop user "+user) })
	database := map[string]string{"postgres": cfg.Database, "mysql": "information_schema"}[cfg.Dialect]
	return fmt.Sprintf("%s://%s:%s@%s:%d/%s", cfg.Dialect, user, strings.ReplaceAll(secret, "&", "%26"), cfg.Host, cfg.Port, database)
}

// pings is what ping and query say of a server, whatever its dialect.
func pings(t *testing.T, s *testserver.Server, version string) {
	url := tester(t, s)
	cfg := s.Config()
	shown := strings.Replace(url, ":"+strings.ReplaceAll(secret, "&", "%26"), "", 1)
	none := fmt.Sprint(free(t))

	t.Run("it answers", func(t *testing.T) {
		got := place{}.run(t, "ping", url)
		line := `^ok    ` + regexp.QuoteMeta(shown) + `  \S*` + regexp.QuoteMeta(version) + `.*  opened in \d+\.\d ms, ping \d+\.\d\d ms\n$`
		if got.status != 0 || got.err != "" || !regexp.MustCompile(line).MatchString(got.out) {
			t.Errorf("got %+v, want version %s", got, version)
		}
	})
	t.Run("wrong password, which is not tried twice", func(t *testing.T) {
		got := place{}.run(t, "ping", strings.Replace(url, user+":", user+":x", 1), "--wait=1h")
		if got.status != 1 || got.err != "" || !strings.Contains(got.out, "  auth: ") || !strings.Contains(got.out, "; verify user and password") {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		elsewhere := strings.Replace(url, fmt.Sprintf(":%d/", cfg.Port), ":"+none+"/", 1)
		for _, command := range [][]string{{"ping", elsewhere}, {"query", elsewhere, "select 1"}} {
			got := place{}.run(t, command...)
			if got.status != 1 || !strings.Contains(got.out+got.err, "refused") || !strings.Contains(got.out+got.err, "; check that the database server is running") {
				t.Errorf("%s: got %+v", command[0], got)
			}
		}
		got := place{}.run(t, "ping", elsewhere, "--wait=1500ms")
		if got.status != 1 || !strings.Contains(got.out, "  unreachable: not ready within 1.5s: ") {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("from a config", func(t *testing.T) {
		here := at(t, map[string]string{"app.yaml": fmt.Sprintf(`
connections:
  good: {dialect: %s, host: %s, port: "${PB_PORT}", user: %s, password: "${PB_PASSWORD}", database: "${PB_DB}"}
  bad: {dialect: %[1]s, host: %[2]s, port: %[4]s, user: %[3]s, password: "${PB_PASSWORD}"}
  url: "%[1]s://%[3]s:${PB_PASSWORD}@%[2]s:${PB_PORT}/${PB_DB}"
`, cfg.Dialect, cfg.Host, user, none)})
		here.env = []string{"PB_PASSWORD=" + secret, fmt.Sprint("PB_PORT=", cfg.Port), "PB_DB=" + url[strings.LastIndexByte(url, '/')+1:]}
		got := here.run(t, "ping", "app.yaml")
		if got.status != 1 || !regexp.MustCompile(`^ok    good .*\nfail  bad   .*\nok    url  .*\n2 of 3 answered\n$`).MatchString(got.out) {
			t.Errorf("got %+v", got)
		}
		expect(t, here.run(t, "query", "app.yaml:url", "select 1 as one", "--format=json"), ran{out: "[\n{\"one\":1}\n]\n"})
	})
	t.Run("it comes up while ping waits", func(t *testing.T) {
		proxy := testproxy.New(t, fmt.Sprintf("%s:%d", cfg.Host, cfg.Port))
		var once sync.Once
		tried := make(chan struct{})
		proxy.SetRule(func(testproxy.Chunk) testproxy.Action {
			once.Do(func() { close(tried) })
			return testproxy.Reset
		})
		done := make(chan ran)
		go func() {
			through := strings.Replace(url, fmt.Sprintf(":%d/", cfg.Port), fmt.Sprintf(":%d/", proxy.Port()), 1)
			done <- place{}.run(t, "ping", through, "--wait=5m", "--json")
		}()
		<-tried
		proxy.SetRule(nil)
		if got := <-done; got.status != 0 || !strings.Contains(got.out, `"ok": true`) || strings.Contains(got.out, `"attempts": 1,`) {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("it lets in and says nothing", func(t *testing.T) {
		silent := testproxy.Silent(t)
		through := strings.Replace(url, fmt.Sprintf(":%d/", cfg.Port), fmt.Sprintf(":%d/", silent.Port()), 1)
		start := time.Now()
		got := place{}.run(t, "ping", through+"?connectTimeout=200ms")
		if got.status != 1 || !strings.Contains(got.out, "  timeout: no connection within the connect timeout of 200ms") || time.Since(start) > 20*time.Second {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an interrupt ends it at once", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			const line = "a process cannot be sent an interrupt there"
			testserver.Report(cfg.Dialect, "skipped an interrupted patchbay ping: "+line)
			t.Skip(line)
		}
		dialed, over := make(chan struct{}, 1), make(chan struct{})
		defer close(over)
		hanging := testproxy.Serve(t, func(net.Conn) { dialed <- struct{}{}; <-over })
		through := strings.Replace(url, fmt.Sprintf(":%d/", cfg.Port), fmt.Sprintf(":%d/", hanging.Port()), 1)
		cmd := place{}.command("ping", through+"?connectTimeout=1h", "--wait=1h")
		var output strings.Builder
		cmd.Stdout = &output
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-dialed
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(output.String(), "  canceled: interrupted: ") {
			t.Errorf("got %v and %q", err, output.String())
		}
	})
	t.Run("TLS with a CA from a file", func(t *testing.T) {
		if s.CA == nil {
			const line = "the CA of a server that is given by a URL is not known"
			testserver.Report(cfg.Dialect, "skipped patchbay with a CA from a file: "+line)
			t.Skip(line)
		}
		here := at(t, map[string]string{"ca.pem": s.CA.PEM})
		if err := os.Mkdir(filepath.Join(here.dir, "empty"), 0o700); err != nil {
			t.Fatal(err)
		}
		got := here.run(t, "ping", url+"?ssl.caFile=ca.pem")
		if got.status != 0 || strings.Contains(got.out, "BEGIN") {
			t.Errorf("got %+v", got)
		}
		got = here.run(t, "ping", url+"?ssl=true", "--wait=1h")
		if got.status != 1 || !strings.Contains(got.out, "  tls: ") {
			t.Errorf("got %+v", got)
		}
	})
}

// free returns a port on which nobody listens.
func free(t *testing.T) int {
	t.Helper()
	port, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

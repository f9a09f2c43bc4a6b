//go:build postgres || mysql || alldrivers

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// bench is a server with a table of one row, 1, as its owner sees it.
type bench struct {
	*testing.T
	db    *conn.Conn
	url   string
	table string
	slow  string // an update of the row that takes longer than the test
	count string // of the statements that run with the name of the table in them
}

func newBench(t *testing.T, s *testserver.Server) *bench {
	t.Helper()
	cfg := s.Config()
	db, err := conn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, db: db, table: fmt.Sprintf("pb_bench_%d_%s", os.Getpid(), strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(t.Name())))}
	b.url = fmt.Sprintf("%s://%s:%s@%s:%d/%s", cfg.Dialect, url.QueryEscape(cfg.User), url.QueryEscape(cfg.Password.Reveal()), cfg.Host, cfg.Port, cfg.Database)
	b.exec("CREATE TABLE " + b.table + " (a int)")
	b.exec("INSERT INTO " + b.table + " VALUES (1)")
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "DROP TABLE "+b.table)
		if closed := db.Close(); err != nil || closed != nil {
			t.Error(err, closed)
		}
	})
	switch cfg.Dialect {
	case "postgres":
		b.slow = "UPDATE " + b.table + " SET a = 2 WHERE (SELECT pg_sleep(60)) IS NOT NULL"
		b.count = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%" + b.table + "%'"
	case "mysql":
		b.slow = "UPDATE " + b.table + " SET a = 2 WHERE sleep(60) = 0"
		// One that is killed, and is about to find out, cannot commit. https://mariadb.com/kb/en/thread-command-values/
		b.count = "SELECT count(*) FROM information_schema.PROCESSLIST WHERE ID <> connection_id() AND COMMAND <> 'Killed' AND INFO LIKE '%" + b.table + "%'"
	}
	return b
}

func (b *bench) exec(statement string) {
	b.Helper()
	if _, err := b.db.ExecContext(b.Context(), statement); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) number(query string) (n int) {
	b.Helper()
	if err := b.db.QueryRowContext(b.Context(), query).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// running starts the command, and returns when its statement runs on the server.
func (b *bench) running(args ...string) (*exec.Cmd, *bytes.Buffer) {
	b.Helper()
	cmd := place{}.command(args...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for b.number(b.count) == 0 {
		if b.Context().Err() != nil {
			b.Fatal("the statement never ran")
		}
	}
	return cmd, &errOut
}

// stops is G1: what ends the command ends its statement, before the command has ended.
func stops(t *testing.T, s *testserver.Server) {
	if runtime.GOOS == "windows" {
		const line = "a process cannot be sent an interrupt there"
		testserver.Report(s.Config().Dialect, "skipped a query that is stopped: "+line)
		t.Skip(line)
	}
	ends := map[string]struct {
		args   []string
		signal syscall.Signal
		want   string
		status int
	}{
		"interrupt": {nil, syscall.SIGINT, "patchbay: query: interrupted; the server has stopped it\n", 130},
		"terminate": {nil, syscall.SIGTERM, "patchbay: query: terminated; the server has stopped it\n", 143},
		"timeout":   {[]string{"--timeout=3s"}, 0, "patchbay: query: not done within the --timeout of 3s; the server has stopped it\n", 124},
		"tx":        {[]string{"--tx"}, syscall.SIGINT, "patchbay: query: interrupted; the server has stopped it\n", 130},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, s)
			cmd, errOut := b.running(append([]string{"query", b.url, b.slow}, c.args...)...)
			if c.signal != 0 {
				if err := cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait() // the status is looked at
			left, value := b.number(b.count), b.number("SELECT a FROM "+b.table)
			if cmd.ProcessState.ExitCode() != c.status || errOut.String() != c.want || left != 0 || value != 1 {
				t.Errorf("ended with %d and %q; %d statements go on, and the row is %d", cmd.ProcessState.ExitCode(), errOut, left, value)
			}
		})
	}
	t.Run("it cannot be told", func(t *testing.T) {
		b := newBench(t, s)
		cfg := s.Config()
		proxy := testproxy.New(t, fmt.Sprintf("%s:%d", cfg.Host, cfg.Port))
		through := strings.Replace(b.url, fmt.Sprintf(":%d/", cfg.Port), fmt.Sprintf(":%d/", proxy.Port()), 1)
		cmd, errOut := b.running("query", through, b.slow)
		proxy.Stall()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if cmd.ProcessState.ExitCode() != 130 || !strings.HasPrefix(errOut.String(), "patchbay: query: interrupted; the server may go on with it: ") {
			t.Errorf("ended with %d and %q", cmd.ProcessState.ExitCode(), errOut)
		}
		proxy.CloseAll()
		b.kill()
	})
}

// kill ends what still runs, so that the table can be dropped.
func (b *bench) kill() {
	b.Helper()
	query := map[string]string{
		"postgres": strings.Replace(b.count, "count(*)", "coalesce(max(pid), 0)", 1),
		"mysql":    strings.Replace(b.count, "count(*)", "coalesce(max(ID), 0)", 1),
	}[b.db.Dialect()]
	if id := b.number(query); id != 0 {
		b.exec(fmt.Sprintf(map[string]string{"postgres": "SELECT pg_terminate_backend(%d)", "mysql": "KILL %d"}[b.db.Dialect()], id))
	}
}

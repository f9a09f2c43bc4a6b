package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// StartPgBouncer starts a PgBouncer before s for this test alone, in transaction mode and otherwise with its defaults.
// It takes the login of s, over TCP and unencrypted; Settings are those of the section [pgbouncer] of its file, and
// nothing else of the options means anything. It skips the test, and says so in the summary, where PgBouncer is not
// installed.
func StartPgBouncer(tb testing.TB, s *Server, opts Options) *Server {
	tb.Helper()
	k := newPgBouncer(s)
	if _, err := k.find(); err != nil {
		Report(k.dialect, "skipped behind PgBouncer: "+err.Error())
		tb.Skipf("%v; install it", err)
	}
	return k.open(tb, opts)
}

// newPgBouncer describes what runs as https://www.pgbouncer.org/config.html says.
func newPgBouncer(s *Server) *kind {
	return &kind{
		dialect:  "postgres",
		product:  "PgBouncer",
		users:    []string{"postgres", "nobody"},
		database: s.Database,
		find:     findPgBouncer,
		configure: func(bouncer *Server) error {
			return configurePgBouncer(bouncer, s)
		},
		command: func(p programs, bouncer *Server) *exec.Cmd {
			return exec.Command(p.server, bouncer.file("pgbouncer.ini"))
		},
		socket:  func(bouncer *Server) string { return bouncer.home },
		ready:   "process up: PgBouncer",
		taken:   "Address already in use",
		version: regexp.MustCompile(`process up: PgBouncer (\d+(?:\.\d+)*)`),
		stop:    syscall.SIGTERM, // SIGINT would wait for clients
		kill:    syscall.SIGKILL,
	}
}

func findPgBouncer() (programs, error) {
	if !canStart {
		return programs{}, &missingError{"private servers are only started on Unix"}
	}
	folders := append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin")
	p := programs{server: findFile(folders, []string{"pgbouncer"})}
	if p.server == "" {
		return p, &missingError{"no pgbouncer found"}
	}
	return p, nil
}

func configurePgBouncer(bouncer, s *Server) error {
	bouncer.User, bouncer.Password = s.User, s.Password
	if err := bouncer.write(bouncer.file("users"), fmt.Sprintf("%q %q\n", s.User, s.Password)); err != nil {
		return err
	}
	settings := bouncer.settings(map[string]string{
		"listen_addr":     loopback(),
		"listen_port":     fmt.Sprint(bouncer.Port),
		"unix_socket_dir": bouncer.Socket,
		"auth_type":       "scram-sha-256",
		"auth_file":       bouncer.file("users"),
		"admin_users":     s.User,
		"pool_mode":       "transaction",
	})
	return bouncer.write(bouncer.file("pgbouncer.ini"), fmt.Sprintf("[databases]\n%s = host=%s port=%d\n[pgbouncer]\n%s\n",
		s.Database, s.Host, s.Port, strings.Join(settings, "\n")))
}

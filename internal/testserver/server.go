package testserver

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testcert"
	"github.com/patchbay-go/patchbay/registry"
)

// Server is a running database server. Its fields do not change while it lives; its methods that change its
// state are for one goroutine at a time.
type Server struct {
	Version string // "PostgreSQL 15.18"

	Host     string // 127.0.0.1; a private server listens on ::1 as well, where there is one
	Port     int
	Socket   string // its Unix socket, as the Host of a Config: for PostgreSQL a folder; empty if it is not private
	User     string // may do everything
	Password string // asked for on every way in
	Database string

	CA     *testcert.CA  // signed the server's certificate, and signs those of clients; nil if it is not private
	Client testcert.Pair // a client certificate of CA for User

	kind     *kind
	given    *registry.Config // of a server that is not private
	shared   bool
	programs programs
	home     string // its folder
	account  *account
	opts     Options
	process  *process
	started  bool // at least once
	frozen   bool
}

// Options are what a private server can be asked for. The zero value is a server with TLS that anybody can log
// in to with a password, encrypted or not.
//
// Its time zone is 5:30 ahead of UTC, so that a time that was read in the server's zone is found out.
type Options struct {
	// Settings are server variables, such as max_connections, by name; MariaDB takes every option of its
	// command line, without the dashes. They come after the usual ones and so replace them.
	Settings map[string]string

	HBA   []string       // PostgreSQL: lines of pg_hba.conf before the usual ones
	NoTLS bool           // the server does no TLS
	Cert  *testcert.Pair // the server's certificate; default: CA.Server()

	// Starting has PostgreSQL stay in the state in which it is reachable and answers every login with "not
	// yet" (57P03).
	Starting bool

	follows *Server // the primary, of a standby
}

// Config returns how to open the server's database as its administrator, over TCP and unencrypted; a server
// given by a URL, as the URL says.
func (s *Server) Config() registry.Config {
	if s.given != nil {
		return s.given.Clone()
	}
	return registry.Config{
		Dialect: s.kind.dialect, Host: s.Host, Port: s.Port,
		User: s.User, Password: registry.NewSecret(s.Password), Database: s.Database,
	}
}

// TLS returns what makes Config encrypted and verified; of a server given by a URL, what the URL says.
func (s *Server) TLS() *registry.TLS {
	if s.given != nil {
		return s.Config().TLS
	}
	return &registry.TLS{CA: s.CA.PEM}
}

// Log returns what the server has written so far, all its starts together.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.file("log"))
	if err != nil && s.given == nil {
		return err.Error()
	}
	return string(text)
}

// IsMySQL reports whether a server of the dialect mysql is MySQL and not MariaDB. Where a test says so, they differ.
func (s *Server) IsMySQL() bool { return strings.HasPrefix(s.Version, "MySQL ") }

// Stop ends the sessions and then the server, and returns when it is gone. The files stay for Restart.
func (s *Server) Stop(tb testing.TB) {
	tb.Helper()
	s.own(tb, "stop")
	s.end(tb, s.kind.stop)
}

// Kill ends the server as a crash would, and returns when it is gone. The files stay for Restart.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	s.own(tb, "kill")
	s.end(tb, s.kind.kill)
}

// Signal sends a signal to the server and does not wait for what comes of it. SIGTERM has PostgreSQL refuse
// logins and go on until the last session ends.
func (s *Server) Signal(tb testing.TB, signal os.Signal) {
	tb.Helper()
	s.own(tb, "signal")
	if s.process == nil {
		tb.Fatalf("signal %v to %s: it is not running", signal, s.Version)
	}
	if err := s.process.cmd.Process.Signal(signal); err != nil {
		tb.Fatalf("signal %v to %s: %v", signal, s.Version, err)
	}
}

// Restart starts the server again, after a Stop if it runs, with opts in place of what it had, on the same
// port and files.
func (s *Server) Restart(tb testing.TB, opts Options) {
	tb.Helper()
	s.Stop(tb)
	err := s.start(opts)
	for deadline := time.Now().Add(patience); errors.Is(err, errTaken) && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		err = s.start(opts) // another process had tried whether the port is free
	}
	if err != nil {
		tb.Fatalf("restart %s: %v", s.Version, err)
	}
}

// own fails the test if the server is not its own.
func (s *Server) own(tb testing.TB, what string) {
	tb.Helper()
	if s.given != nil || s.shared {
		tb.Fatalf("%s %s: other tests use it too; start one for this test", what, s.Version)
	}
}

func (s *Server) end(tb testing.TB, signal syscall.Signal) {
	tb.Helper()
	if s.process == nil {
		return
	}
	err := s.process.end(signal)
	s.process = nil
	if err != nil {
		tb.Fatalf("stop %s: %v\n%s", s.Version, err, s.Log())
	}
}

// remove ends the server at once and removes its files.
func (s *Server) remove() error {
	var err error
	if s.process != nil {
		s.Thaw() // or no signal but SIGKILL would reach it
		err = s.process.end(s.kind.kill)
		s.process = nil
	}
	return errors.Join(err, os.RemoveAll(s.home))
}

var errTaken = errors.New("its port is taken")

func (s *Server) start(opts Options) error {
	if opts.Starting && s.kind.starting == "" {
		return fmt.Errorf("%s has no state in which it answers and takes no login", s.kind.dialect)
	}
	s.opts = opts
	if err := s.configure(); err != nil {
		return err
	}
	log, err := os.OpenFile(s.file("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	before, err := log.Stat()
	if err != nil {
		return err
	}
	cmd := s.kind.command(s.programs, s)
	cmd.Stdout, cmd.Stderr = log, log
	process, err := startProcess(cmd, s.home, s.account, s.kind.kill)
	if err != nil {
		return err
	}
	if err := s.await(process, before.Size()); err != nil {
		return errors.Join(err, process.end(s.kind.kill))
	}
	s.process, s.started = process, true
	return nil
}

// await returns when the log says that the server is ready. The log is the one place where both servers say
// so without being asked: a connection made for the purpose would show in what tests count.
func (s *Server) await(process *process, offset int64) error {
	ready := s.kind.ready
	switch {
	case s.opts.Starting:
		ready = s.kind.starting
	case s.opts.follows != nil:
		ready = standbyReady
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		over := process.isOver() // before the log is read, so that nothing in it is missed
		text := s.Log()[offset:]
		switch {
		case strings.Contains(text, s.kind.taken):
			return errTaken
		case strings.Contains(text, ready):
			if found := s.kind.version.FindStringSubmatch(text); found != nil {
				s.Version = s.kind.product + " " + found[1]
				if s.programs.mysql {
					s.Version = "MySQL " + found[1]
				}
			}
			return nil
		case over:
			return fmt.Errorf("start %s: it ended, %v; its log:\n%s", s.kind.dialect, process.err, text)
		case time.Now().After(deadline):
			return fmt.Errorf("start %s: not ready after %v; its log:\n%s", s.kind.dialect, patience, text)
		}
	}
}

// awaitLog returns when the log has the text.
func (s *Server) awaitLog(tb testing.TB, text string) {
	tb.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(s.Log(), text); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("%s does not say %q within %v; its log:\n%s", s.Version, text, patience, s.Log())
		}
	}
}

func (s *Server) configure() error {
	pair := serverPair()
	if s.opts.Cert != nil {
		pair = *s.opts.Cert
	}
	for name, text := range map[string]string{"ca.pem": s.CA.PEM, "cert.pem": pair.Cert, "key.pem": pair.Key} {
		if err := s.write(s.file(name), text); err != nil {
			return err
		}
	}
	return s.kind.configure(s)
}

func (s *Server) data() string { return s.file("data") }

func (s *Server) file(name string) string { return filepath.Join(s.home, name) }

// write writes a file that the server, and nobody else without rights, can read.
func (s *Server) write(path, text string) error { return writeFile(path, text, s.account) }

// settings returns the usual settings with those of the test in their place, as name=value.
func (s *Server) settings(usual map[string]string) []string {
	all := maps.Clone(usual)
	for name, value := range s.opts.Settings {
		delete(all, strings.ReplaceAll(name, "_", "-"))
		all[name] = value
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

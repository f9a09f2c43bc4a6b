package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// StartStandby starts a PostgreSQL server for this test alone that follows primary, which [StartPostgres] started and
// whose settings are as they were then. It takes logins and no writes until [Server.Promote].
func StartStandby(tb testing.TB, primary *Server, opts Options) *Server {
	tb.Helper()
	primary.own(tb, "follow")
	opts.follows = primary
	s := postgres.open(tb, opts)
	s.awaitLog(tb, "started streaming WAL from primary")
	return s
}

// standbyReady is in the log of a standby, in old versions and new.
const standbyReady = "database system is ready to accept read"

// primaryOf says where a standby gets its data from. It begins with the same pristine files as the primary, which has
// all that was written since.
// https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-PRIMARY-CONNINFO
func primaryOf(s *Server) string {
	p := s.opts.follows
	return fmt.Sprintf("host=%s port=%d user=%s password=%s sslmode=disable", p.Host, p.Port, p.User, p.Password)
}

// Promote makes a primary of a standby, as pg_ctl promote does, and returns when it takes writes. Its sessions stay.
// https://www.postgresql.org/docs/current/app-pg-ctl.html
func (s *Server) Promote(tb testing.TB) {
	tb.Helper()
	if s.opts.follows == nil {
		tb.Fatalf("promote %s: it is no standby", s.Version)
	}
	s.opts.follows = nil
	before := len(s.Log())
	if err := s.write(filepath.Join(s.data(), "promote"), ""); err != nil {
		tb.Fatal(err)
	}
	s.Signal(tb, promotion)
	if err := s.await(s.process, int64(before)); err != nil {
		tb.Fatalf("promote %s: %v", s.Version, err)
	}
}

// Freeze stops all processes of the server where they are: it answers nothing, and its connections stay open.
func (s *Server) Freeze(tb testing.TB) {
	tb.Helper()
	s.Signal(tb, freeze)
	s.frozen = true // from now on it makes no process
	children := s.children()
	if len(children) == 0 {
		tb.Skipf("the processes of a server are found in /proc only")
	}
	for _, child := range children {
		signalGroup(child, freeze)
	}
}

// Thaw lets a frozen server go on.
func (s *Server) Thaw() {
	if s.frozen {
		for _, child := range append(s.children(), s.process.cmd.Process.Pid) {
			signalGroup(child, thaw)
		}
	}
	s.frozen = false
}

// children are the processes that the server has made, each the leader of a group of its own.
func (s *Server) children() (found []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // fails only for a bad pattern
	for _, name := range stats {
		text, _ := os.ReadFile(name)
		// "pid (name) state parent ..."; nothing of one that has ended
		head, rest, _ := strings.Cut(string(text), ") ")
		var pid, parent int
		var state string
		fmt.Sscan(head, &pid)
		fmt.Sscan(rest, &state, &parent)
		if parent == s.process.cmd.Process.Pid {
			found = append(found, pid)
		}
	}
	return found
}

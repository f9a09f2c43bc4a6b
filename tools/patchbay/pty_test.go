//go:build alldrivers && unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"

	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

// screen is a terminal in which a command runs, and all that was written to it.
type screen struct {
	*testing.T
	file *os.File
	cmd  *exec.Cmd

	mu      sync.Mutex
	changed *sync.Cond
	text    bytes.Buffer
	closed  bool
}

// onTerminal starts patchbay in a terminal of 60 columns.
func onTerminal(t *testing.T, p place, args ...string) *screen {
	t.Helper()
	cmd := p.command(args...)
	cmd.Env = append(cmd.Env, "NO_COLOR=1", "TERM=xterm")
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 60})
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{T: t, file: file, cmd: cmd}
	s.changed = sync.NewCond(&s.mu)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 4096)
		for {
			n, err := file.Read(buffer)
			s.mu.Lock()
			s.text.Write(buffer[:n])
			s.closed = err != nil
			s.changed.Broadcast()
			s.mu.Unlock()
			if err != nil { // EIO, when the command has ended
				return
			}
		}
	}()
	t.Cleanup(func() { _ = file.Close(); <-done })
	return s
}

// until waits until the terminal has got a text.
func (s *screen) until(text string) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.text.String(), text) {
		if s.closed {
			s.Fatalf("%q was not written, but\n%s", text, s.text.String())
		}
		s.changed.Wait()
	}
}

func (s *screen) write(text string) {
	s.Helper()
	if _, err := io.WriteString(s.file, text); err != nil {
		s.Fatal(err)
	}
}

// end waits for the end and returns all that was written.
func (s *screen) end() (text string, status int) {
	_ = s.cmd.Wait() // the status is returned
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		s.changed.Wait()
	}
	return strings.ReplaceAll(s.text.String(), "\r\n", "\n"), s.cmd.ProcessState.ExitCode()
}

// TestG5: on a terminal each connection that is waited for has a line that lives, and the last picture is in the file's order.
func TestG5PingOnATerminal(t *testing.T) {
	over := make(chan struct{})
	var once sync.Once
	release := func() { once.Do(func() { close(over) }) }
	defer release()
	hanging := testproxy.Serve(t, func(net.Conn) { <-over })
	here := at(t, map[string]string{"app.yaml": fmt.Sprintf(`
connections:
  slow: "mysql://u@127.0.0.1:%d/d?connectTimeout=1h"
  fast: "sqlite::memory:"
  gone: "sqlite:gone.db"
`, hanging.Port())})
	s := onTerminal(t, here, "ping", "app.yaml")
	s.until("wait  slow")
	s.until("ok    fast")
	s.until("fail  gone")
	release()
	text, status := s.end()
	last := text[strings.LastIndex(text, "\x1b[J")+len("\x1b[J"):]
	lines := strings.Split(last, "\n")
	if status != 1 || len(lines) != 5 || !strings.HasPrefix(lines[0], "fail  slow  mysql://u@127.0.0.1:") ||
		!strings.HasPrefix(lines[1], "ok    fast  sqlite::memory:") || !strings.HasPrefix(lines[2], "fail  gone  ") || lines[3] != "1 of 3 answered" {
		t.Errorf("ended with %d and\n%s\nof\n%q", status, last, text)
	}
}

func TestG5WatchUntilAnInterrupt(t *testing.T) {
	s := onTerminal(t, place{}, "ping", "sqlite::memory:", "--watch=10ms")
	for range 3 {
		s.until("1 of 1 answered")
		s.mu.Lock()
		s.text.Reset()
		s.mu.Unlock()
	}
	s.write("\x03")
	if text, status := s.end(); status != 0 {
		t.Errorf("ended with %d and %q", status, text)
	}
}

// TestG6: a result that is too wide for the terminal is expanded, and one of wide characters is in line.
func TestG6OnATerminal(t *testing.T) {
	var columns []string
	for i := range 30 {
		columns = append(columns, fmt.Sprintf("'value %d' as column%[1]d", i))
	}
	text, _ := onTerminal(t, place{}, "query", "sqlite::memory:", "select "+strings.Join(columns, ", ")).end()
	if !strings.HasPrefix(text, "-- row 1 -\ncolumn0   value 0\ncolumn1   value 1\n") {
		t.Errorf("got\n%s", text)
	}
	text, _ = onTerminal(t, place{}, "query", "sqlite::memory:", "select '日本語' as a, hex(zeroblob(50)) as b union all select 'abc', '👍'").end()
	want := "a       b\n------  ----------------------------------------------------\n日本語  000000000000000000000000000000000000000000000000000…\nabc     👍\n(2 rows)\n"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	colored := at(t, nil)
	cmd := colored.command("query", "sqlite::memory:", "select null as n")
	cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR=")
	file, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, _ := io.ReadAll(file) // EIO at the end
	_ = cmd.Wait()
	if !strings.Contains(string(all), "\x1b[1mn") {
		t.Errorf("without NO_COLOR it is %q", all)
	}
}

// TestG1: Ctrl-C in a terminal.
func TestG1OnATerminal(t *testing.T) {
	for _, s := range []*testserver.Server{testserver.Postgres(t), testserver.MariaDB(t)} {
		t.Run(s.Config().Dialect, func(t *testing.T) {
			b := newBench(t, s)
			run := onTerminal(t, place{}, "query", b.url, b.slow)
			for b.number(b.count) == 0 {
				if t.Context().Err() != nil {
					t.Fatal("the statement never ran")
				}
			}
			run.write("\x03")
			text, status := run.end()
			if left := b.number(b.count); status != 130 || !strings.HasSuffix(text, "patchbay: query: interrupted; the server has stopped it\n") || left != 0 {
				t.Errorf("ended with %d and %q; %d statements go on", status, text, left)
			}
		})
	}
}

// TestPromptForThePassword: it is asked for without an echo, and Ctrl-C leaves the terminal as it was.
func TestPromptForThePassword(t *testing.T) {
	s := testserver.Postgres(t)
	full := tester(t, s)
	bare := regexp.MustCompile(`:[^:@/]*@`).ReplaceAllString(full, "@")
	run := onTerminal(t, place{}, "query", bare, "select 'in' as a", "-W", "--no-header")
	run.until("Password for postgres://" + user + "@")
	run.write(secret + "\n")
	text, status := run.end()
	if status != 0 || !strings.HasSuffix(text, "\nin\n") || strings.Contains(text, secret) {
		t.Errorf("ended with %d and %q", status, text)
	}
	run = onTerminal(t, place{}, "ping", bare, "-W")
	run.until("Password for ")
	run.write("\x03")
	if text, status := run.end(); status != 130 {
		t.Errorf("ended with %d and %q", status, text)
	}
}

// TestPasswordsFromElsewhere: the environment, a file, and .pgpass.
func TestPasswordsFromElsewhere(t *testing.T) {
	s := testserver.Postgres(t)
	full := tester(t, s)
	bare := regexp.MustCompile(`:[^:@/]*@`).ReplaceAllString(full, "@")
	here := at(t, map[string]string{"password": secret + "\n", "pgpass": "*:*:*:" + user + ":" + secret + "\n"})
	want := ran{out: "x\n1\n"}
	args := []string{"query", bare, "select 1 as x", "--format=csv"}
	with := func(env string, flags ...string) ran {
		p := place{dir: here.dir, env: []string{env}}
		return p.run(t, append(args[:len(args):len(args)], flags...)...)
	}
	expect(t, with("PATCHBAY_PASSWORD="+secret), want)
	expect(t, with("PATCHBAY_PASSWORD=wrong", "--password-file", "password"), want)
	expect(t, with("PGPASSFILE="+filepath.Join(here.dir, "pgpass"), "--pgpass"), want)
	if got := with("PATCHBAY_PASSWORD=wrong"); got.status != 1 || !strings.Contains(got.err, "verify user and password") {
		t.Errorf("got %+v", got)
	}
	args[1] = full // which has one of its own
	expect(t, with("PATCHBAY_PASSWORD=wrong"), want)
}

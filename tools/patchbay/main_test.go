package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

// asPatchbay makes this test binary behave as the command: the tests run main in a process of its own, with the
// drivers that they were built with.
const asPatchbay = "PATCHBAY_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asPatchbay) != "" {
		main()
		return
	}
	testserver.Main(m)
}

// secret is the password in everything that the tests give to the command. No output may hold it.
const secret = "Tr0ub4dor&3"

// place is where a command runs.
type place struct {
	dir string
	env []string
}

// ran is what came of it.
type ran struct {
	out, err string
	status   int
}

// command prepares a call of patchbay.
func (p place) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), append(p.env, asPatchbay+"=1")...)
	// A process that the race detector watches sleeps for a second before it ends.
	// https://go.dev/doc/articles/race_detector#Options
	cmd.Env = append(cmd.Env, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	return cmd
}

// run calls patchbay and looks for the secret in what it prints.
func (p place) run(t *testing.T, args ...string) ran {
	t.Helper()
	return finish(t, p.command(args...))
}

func finish(t *testing.T, cmd *exec.Cmd) ran {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := ran{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
	if strings.Contains(r.out+r.err, secret) || strings.Contains(r.out+r.err, "Tr0ub4dor%263") {
		t.Errorf("%q printed the secret:\n%s%s", cmd.Args[1:], r.out, r.err)
	}
	return r
}

// at returns a place with the given files in it.
func at(t *testing.T, files map[string]string) place {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return place{dir: dir}
}

// expect compares a whole run, where want.err only needs to be in what was printed.
func expect(t *testing.T, got, want ran) {
	t.Helper()
	if got.status != want.status || got.out != want.out || !strings.Contains(got.err, want.err) || (want.err == "") != (got.err == "") {
		t.Errorf("got status %d\n%s%s\nwant status %d\n%s… %s …", got.status, got.out, got.err, want.status, want.out, want.err)
	}
	if strings.Count(got.err, "\n")-strings.Count(got.err, "\n  ") > 1 { // details are indented
		t.Errorf("the error has more than one line:\n%s", got.err)
	}
}

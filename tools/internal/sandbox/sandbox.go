// Package sandbox makes Go programs in temporary folders that use the library as outsiders do: as a module from
// a proxy, without the workspace. The checks of this module build and run them. It changes nothing outside its
// folders but the build and module caches.
package sandbox

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Library is the path of the module under test.
const Library = "github.com/patchbay-go/patchbay"

// Program is a module of one program.
type Program struct {
	Dir string
	env []string
}

// Empty is an empty folder in which the library, as it is in this checkout, can be got from a proxy.
func Empty(tb testing.TB) *Program {
	tb.Helper()
	proxy, err := shared()
	if err != nil {
		tb.Fatal(err)
	}
	return proxy.Folder(tb.TempDir())
}

// New starts a module in an empty folder.
func New(tb testing.TB) *Program {
	tb.Helper()
	p := Empty(tb)
	p.MustGo(tb, "mod", "init", "example.org/program")
	return p
}

// Write puts a file into the module.
func (p *Program) Write(tb testing.TB, name, text string) {
	tb.Helper()
	path := filepath.Join(p.Dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		tb.Fatal(err)
	}
}

// Go runs the go command in the module and returns what it printed to both streams.
func (p *Program) Go(args ...string) (string, error) { return p.Run("go", args...) }

// MustGo is Go for what has to succeed.
func (p *Program) MustGo(tb testing.TB, args ...string) string {
	tb.Helper()
	out, err := p.Go(args...)
	if err != nil {
		tb.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Run runs any command in the module's folder.
func (p *Program) Run(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = p.Dir, p.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// Build builds the program with the given tags and returns the binary's path.
func (p *Program) Build(tb testing.TB, tags string, flags ...string) string {
	tb.Helper()
	binary := filepath.Join(tb.TempDir(), "program.exe") // a name that can be run everywhere
	args := append([]string{"build", "-o", binary}, flags...)
	if tags != "" {
		args = append(args, "-tags", tags)
	}
	p.MustGo(tb, append(args, ".")...)
	return binary
}

// HasRun tells, by the error of [Program.Run], that the command has run, with whatever exit status.
func HasRun(err error) bool {
	_, exited := errors.AsType[*exec.ExitError](err)
	return err == nil || exited
}

// Setenv sets a variable for everything that is run from now on.
func (p *Program) Setenv(name, value string) { p.env = append(slices.Clip(p.env), name+"="+value) }

// With is the same program with more variables, such as "GOOS=windows".
func (p *Program) With(env ...string) *Program {
	return &Program{p.Dir, append(slices.Clip(p.env), env...)}
}

package checks

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// withoutBuildInfo is set for a go command that runs its tools through this test binary, to link programs as a
// build system does that knows nothing of build information.
const withoutBuildInfo = "PATCHBAY_CHECKS_WITHOUT_BUILDINFO"

// runTool runs a tool for the go command, https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies at
// -toolexec. What the linker is to put into a program as build information, it reads from a line of a file.
func runTool(args []string) error {
	if i := slices.Index(args, "-importcfg"); i >= 0 && strings.TrimSuffix(filepath.Base(args[0]), ".exe") == "link" {
		file := args[i+1]
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, regexp.MustCompile(`(?m)^modinfo .*$`).ReplaceAll(text, nil), 0o600); err != nil {
			return err
		}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// Without build information a program knows its drivers, and still says both what to build with and what to import,
// unless it knows that the import is there.
func TestMissingDriverWithoutBuildInformation(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const rebuild = "missing driver for postgres: rebuild with -tags postgres"
	for want, imports := range map[string][]string{
		rebuild: {driver("postgres")},
		rebuild + " (all tags: -tags mysql,postgres)":                                                                 {driver("mysql"), driver("postgres")},
		rebuild + ` (all tags: -tags mysql,postgres) and import _ "github.com/patchbay-go/patchbay/drivers/postgres"`: {driver("mysql")},
	} {
		p := newProgram(t, opener, imports...)
		binary := p.With(withoutBuildInfo+"=1").Build(t, "mysql", "-toolexec", self)
		if info, err := buildinfo.ReadFile(binary); err != nil || len(info.Deps) > 0 || len(info.Settings) > 0 {
			t.Errorf("the program has build information: %v\n%s", err, info)
		}
		got := run(t, p, binary, "postgres://localhost/shop")
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

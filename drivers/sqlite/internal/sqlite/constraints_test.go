package sqlite

import (
	"bufio"
	"go/build/constraint"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/platform"
)

// TestEveryPlatformHasTheEngineOrSaysSo evaluates the constraints of this package for every platform of the go
// command, and compares them with the list of those that are supported.
func TestEveryPlatformHasTheEngineOrSaysSo(t *testing.T) {
	list, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	engine, none := constraintOf(t, "engine.go"), constraintOf(t, "engine_none.go")
	var supported []string
	for name := range strings.FieldsSeq(string(list)) {
		ok := satisfied(name)
		if engine.Eval(ok) == none.Eval(ok) {
			t.Errorf("%s has both files, or neither", name)
		}
		if engine.Eval(ok) {
			supported = append(supported, name)
		}
	}
	slices.Sort(supported)
	if !slices.Equal(platform.Supported, supported) {
		t.Errorf("listed are the platforms\n%v, the constraint allows\n%v", platform.Supported, supported)
	}
}

func constraintOf(t *testing.T, file string) constraint.Expr {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if constraint.IsGoBuild(lines.Text()) {
			expr, err := constraint.Parse(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			return expr
		}
	}
	t.Fatalf("%s has no constraint", file)
	return nil
}

// satisfied tells which tags hold on a platform. https://pkg.go.dev/cmd/go#hdr-Build_constraints
func satisfied(platform string) func(tag string) bool {
	goos, goarch, _ := strings.Cut(platform, "/")
	also := map[string]string{"android": "linux", "ios": "darwin", "illumos": "solaris"}[goos]
	return func(tag string) bool { return tag == goos || tag == goarch || tag == also }
}

package checks

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// F10: sites that show documentation build without tags, and see neither an example nor a name that needs one.
func TestExamplesAndDriversShowWithoutTags(t *testing.T) {
	packages := []string{sandbox.Library + "/conn", sandbox.Library + "/manager", sandbox.Library + "/drivers/network"}
	for _, info := range registry.Known() {
		packages = append(packages, info.Import)
		text, err := exec.Command("go", "doc", info.Import, "Driver").CombinedOutput()
		if err != nil || !strings.Contains(string(text), "func Driver() registry.Driver") {
			t.Errorf("go doc %s Driver: %v: %s", info.Import, err, text)
		}
	}
	const files = `{{.ImportPath}}:{{range .TestGoFiles}} {{.}}{{end}}{{range .XTestGoFiles}} {{.}}{{end}}`
	list, err := exec.Command("go", append([]string{"list", "-f", files}, packages...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		if !strings.Contains(line, "example_test.go") {
			t.Errorf("no file of examples: %s", line)
		}
	}
	if n := strings.Count(string(list), "\n"); n != len(packages) {
		t.Errorf("%d packages: %s", n, list)
	}
}

package checks

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// The packages that must know no driver link none, whatever the tags, and nothing of what only a driver needs.
func TestPackagesThatKnowNoDriver(t *testing.T) {
	forbidden := []string{"crypto/tls", "log/slog", "text/template", "testing"}
	for _, info := range registry.Known() {
		forbidden = append(forbidden, info.Module)
	}
	for name, own := range map[string]string{"registry": "encoding/json", "observer": "sync/atomic", "conn": "github.com/sethvargo/go-retry", "manager": "database/sql"} {
		out, err := exec.Command("go", "list", "-tags="+registry.TagAll, "-deps", sandbox.Library+"/"+name).Output()
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(string(out))
		if !slices.Contains(deps, own) {
			t.Errorf("this is not the list of what %s depends on: %v", name, deps)
		}
		for _, dep := range deps {
			if slices.Contains(forbidden, dep) {
				t.Errorf("%s depends on %s", name, dep)
			}
			foreign := strings.Contains(strings.Split(dep, "/")[0], ".") && !strings.HasPrefix(dep, sandbox.Library+"/")
			if foreign && (name == "registry" || name == "observer") {
				t.Errorf("%s depends on %s, which is not of the standard library", name, dep)
			}
		}
	}
}

// html/template keeps the linker from leaving out what a program does not call, so the page does without; and packages that
// a program may have for one of its parts alone depend on nothing that belongs to another part.
func TestTheHouseAroundTheManager(t *testing.T) {
	for name, forbidden := range map[string][]string{
		"manager":          {"net/http", "go.yaml.in/yaml/v3", "html/template"},
		"manager/status":   {"html/template", "text/template", "go.yaml.in/yaml/v3", "log/slog"},
		"manager/otelpool": {"github.com/prometheus/client_golang/prometheus", sandbox.Library + "/manager/status"},
		"manager/prompool": {"go.opentelemetry.io/otel", sandbox.Library + "/manager/status"},
	} {
		out, err := exec.Command("go", "list", "-deps", sandbox.Library+"/"+name).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, dep := range strings.Fields(string(out)) {
			if slices.Contains(forbidden, dep) {
				t.Errorf("%s depends on %s", name, dep)
			}
		}
		imports, err := exec.Command("go", "list", "-f", "{{join .Imports \"\\n\"}}", sandbox.Library+"/"+name).Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "pool") && strings.Contains(string(imports), sandbox.Library+"/internal/") {
			t.Errorf("%s, a module of its own, imports an internal package of the library: %s", name, imports)
		}
	}
}

// A program that opens files only links neither TLS nor the dialer of the standard library, which are the largest parts
// of one that opens servers.
func TestAProgramOfFilesLinksNoNetwork(t *testing.T) {
	t.Parallel()
	p := newProgram(t, opener, driver("sqlite"), driver("postgres"))
	for tags, want := range map[string]bool{"sqlite": false, "postgres": true} {
		out, err := exec.Command("go", "tool", "nm", p.Build(t, tags)).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, symbol := range []string{"net.(*Dialer).DialContext", "crypto/tls.(*Conn).clientHandshake"} {
			if got := strings.Contains(string(out), " "+symbol+"\n"); got != want {
				t.Errorf("with the tag %s, %s is linked: %v", tags, symbol, got)
			}
		}
	}
}

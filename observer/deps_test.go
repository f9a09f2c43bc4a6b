package observer_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func goTool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestObserverLinksALittleOfTheStandardLibraryOnly(t *testing.T) {
	const self = "github.com/patchbay-go/patchbay/observer"
	foreign := strings.Fields(goTool(t, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "."))
	equal(t, "packages outside the standard library", foreign, self)

	deps := strings.Fields(goTool(t, "list", "-deps", "."))
	if !slices.Contains(deps, "sync/atomic") {
		t.Fatalf("go list -deps is not to be trusted: %v", deps)
	}
	for _, large := range []string{
		"log/slog", "regexp", "encoding/json", "text/template", "net", "net/url", "crypto/tls", "database/sql",
	} {
		if slices.Contains(deps, large) {
			t.Errorf("observer imports %s", large)
		}
	}
}

// An Emit that is not inlined copies its event and calls a function although nobody listens.
func TestEmitIsInlined(t *testing.T) {
	out := goTool(t, "build", "-gcflags=-m", ".")
	if !regexp.MustCompile(`panic\.go:\d+:\d+: inlining call to Emit\[`).MatchString(out) {
		t.Errorf("Emit is not inlined where panic.go calls it; the compiler says:\n%s", out)
	}
}

package checks

import (
	"go/build/constraint"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// The table of dialects is that of the registry.
func TestTableOfDialects(t *testing.T) {
	text := section(t, readme(t), "Configs")
	quote := func(s string) string { return "`" + s + "`" }
	rows := 0
	for _, info := range registry.Known() {
		var aliases []string
		for _, a := range info.Aliases {
			aliases = append(aliases, quote(a))
		}
		if info.Tag != info.Dialect {
			t.Errorf("the README says that %s is the tag of its dialect", info.Dialect)
		}
		row := "| " + strings.Join([]string{quote(info.Dialect), quote(info.Import), strings.Join(aliases, ", "), quote(info.Module)}, " | ") + " |"
		if !strings.Contains(text, row) {
			t.Errorf("the README lacks the row\n%s", row)
		}
		rows++
	}
	if n := strings.Count(text, "\n| `"); n != rows {
		t.Errorf("the README has %d dialects, the registry %d", n, rows)
	}
}

// Each known dialect has a package: documented without a tag, where its names are, and for every tag with either the
// driver or the stub.
func TestDriverPackages(t *testing.T) {
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	read := func(path ...string) string {
		text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	gomod, umbrella := read("go.mod"), read("drivers", "drivers.go")
	for _, info := range registry.Known() {
		dir := strings.TrimPrefix(info.Import, sandbox.Library+"/")
		doc := read(dir, "doc.go")
		for _, name := range append([]string{info.Dialect}, info.Aliases...) {
			if !strings.Contains(doc, `"`+name+`"`) {
				t.Errorf("the package comment of %s lacks the name %q", info.Dialect, name)
			}
		}
		if !strings.Contains(doc, "-tags "+info.Tag) || !strings.Contains(doc, info.Module) {
			t.Errorf("the package comment of %s lacks the tag or the module", info.Dialect)
		}
		if stub := read(dir, "stub.go"); !strings.Contains(stub, `registry.Absent("`+info.Dialect+`"`) {
			t.Errorf("the stub of %s does not tell the registry", info.Dialect)
		}
		if link := read(dir, "link.go"); !strings.Contains(link, `"`+info.Import+`/internal/`+info.Dialect+`"`) {
			t.Errorf("link.go of %s does not import the driver", info.Dialect)
		}
		for _, tag := range []string{"", info.Tag, registry.TagAll, "another"} {
			linked := tag == info.Tag || tag == registry.TagAll
			for file, want := range map[string]bool{"doc.go": true, "link.go": linked, "stub.go": !linked} {
				if got := built(t, read(dir, file), tag); got != want {
					t.Errorf("with the tag %q, %s/%s is built: %v", tag, dir, file, got)
				}
			}
		}
		if !strings.Contains(gomod, info.Module+" v") {
			t.Errorf("go.mod lacks %s", info.Module)
		}
		if !strings.Contains(umbrella, `_ "`+info.Import+`"`) {
			t.Errorf("the package drivers does not import %s", info.Import)
		}
	}
}

var buildLine = regexp.MustCompile(`(?m)^//go:build .*$`)

// built tells whether a file belongs to a program with the tag, on some platform.
func built(t *testing.T, text, tag string) bool {
	t.Helper()
	line := buildLine.FindString(text)
	if line == "" {
		return true
	}
	expr, err := constraint.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	return expr.Eval(func(name string) bool { return name == tag || name == "linux" || name == "amd64" || name == "unix" })
}

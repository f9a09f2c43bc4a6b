package checks

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

func readme(t *testing.T) string {
	t.Helper()
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section returns what follows a heading, up to the next.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("the README has no section %q", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// block returns the first fenced block in a language.
func block(t *testing.T, text, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "```"+language+"\n")
	if !found {
		t.Fatalf("no %s block in %q", language, text)
	}
	rest, _, _ = strings.Cut(rest, "```")
	return rest
}

// The program of the README, from an empty folder by the commands of the README; what follows "#" in a command is
// what it prints.
func TestNewcomersPath(t *testing.T) {
	t.Parallel()
	text := section(t, readme(t), "A program")
	p := sandbox.Empty(t)
	p.Write(t, "main.go", block(t, text, "go"))
	commands := strings.Split(strings.TrimSpace(block(t, text, "sh")), "\n")
	if len(commands) != 5 {
		t.Fatalf("commands %q", commands)
	}
	for _, line := range commands {
		command, want, _ := strings.Cut(line, "#")
		words := strings.Fields(command)
		out, err := p.Run(words[0], words[1:]...)
		if want = strings.TrimSpace(want); want == "" {
			if err != nil {
				t.Fatalf("%s: %v\n%s", command, err, out)
			}
		} else if !strings.Contains(out, want) {
			t.Errorf("%s prints %q, want %q", command, out, want)
		}
	}
}

// The table of dialects is that of the registry.
func TestTableOfDialects(t *testing.T) {
	text := section(t, readme(t), "Dialects and tags")
	quote := func(s string) string { return "`" + s + "`" }
	rows := 0
	for _, info := range registry.Known() {
		var aliases []string
		for _, a := range info.Aliases {
			aliases = append(aliases, quote(a))
		}
		row := "| " + strings.Join([]string{quote(info.Dialect), quote(info.Tag), quote(info.Import), strings.Join(aliases, ", "), quote(info.Module)}, " | ") + " |"
		if !strings.Contains(text, row) {
			t.Errorf("the README lacks the row\n%s", row)
		}
		rows++
	}
	if n := strings.Count(text, "\n| `"); n != rows {
		t.Errorf("the README has %d dialects, the registry %d", n, rows)
	}
}

// Each known dialect has a folder whose files carry the constraints that its row promises.
func TestDriverPackages(t *testing.T) {
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	umbrella, err := os.ReadFile(filepath.Join(root, "drivers", "drivers.go"))
	if err != nil {
		t.Fatal(err)
	}
	constraint := regexp.MustCompile(`(?m)^//go:build (.*)$`)
	for _, info := range registry.Known() {
		dir := filepath.Join(root, strings.TrimPrefix(info.Import, sandbox.Library+"/"))
		for name, want := range map[string]string{"driver.go": info.Tag + " || " + registry.TagAll, "stub.go": info.Tag, "doc.go": ""} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Error(err)
				continue
			}
			got := ""
			if m := constraint.FindSubmatch(text); m != nil {
				got = string(m[1])
			}
			if (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("%s of %s is built for %q", name, info.Dialect, got)
			}
		}
		if !strings.Contains(string(gomod), info.Module+" v") {
			t.Errorf("go.mod lacks %s", info.Module)
		}
		if !strings.Contains(string(umbrella), `_ "`+info.Import+`"`) {
			t.Errorf("the package drivers does not import %s", info.Import)
		}
	}
}

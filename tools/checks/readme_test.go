package checks

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

func readme(t *testing.T) string { t.Helper(); return document(t, "README.md") }

// document returns the text of a file, whose path is seen from the root.
func document(t *testing.T, path ...string) string {
	t.Helper()
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
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
		t.Fatalf("there is no section %q", heading)
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
		fails := strings.Contains(want, "missing driver")
		if (err != nil) != fails {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		if want = strings.TrimSpace(want); !regexp.MustCompile(`(?m)^(?:\S+ \S+ )?` + regexp.QuoteMeta(want)).MatchString(out) { // log begins with the time
			t.Errorf("%s prints %q, want %q", command, out, want)
		}
	}
}

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build builds the command with the given tags and returns the path of the binary.
func build(t *testing.T, tags string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "patchbay")
	if out, err := exec.Command("go", "build", "-tags", tags, "-o", path+exeSuffix(t), ".").CombinedOutput(); err != nil {
		t.Fatalf("go build -tags %q: %v\n%s", tags, err, out)
	}
	return path + exeSuffix(t)
}

// exeSuffix is what go build adds to the name of a program.
func exeSuffix(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOEXE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

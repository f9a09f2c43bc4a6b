package testdriver_test

import (
	"os"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestDocumentationThatDiffersIsFound(t *testing.T) {
	t.Chdir(t.TempDir())
	const doc = "// Package x has params.\n//\n" +
		"//\tname   values\n//\tmode   ro, and further\n//\t       rw\n//\tsize   bytes\n//\n// More:\n//\n" +
		"//\tname   values\n//\tspeed  fast, read-slow\n//\n// And words.\npackage x\n"
	if err := os.WriteFile("doc.go", []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	mode, size := registry.Param{Name: "mode", Words: []string{"ro", "rw"}}, registry.Param{Name: "size"}
	speed := registry.Param{Name: "speed", Words: []string{"fast", "read-slow"}}
	for name, c := range map[string]struct {
		params []registry.Param
		errors int
	}{
		"as documented":  {[]registry.Param{size, speed, mode}, 0},
		"one is unknown": {[]registry.Param{mode, speed}, 1},
		"one is missing": {[]registry.Param{mode, size, speed, {Name: "color"}}, 1},
		"a word missing": {[]registry.Param{mode, size, {Name: "speed", Words: []string{"fast", "slow"}}}, 1},
	} {
		f := &failing{TB: t}
		if testdriver.Documented(f, "doc.go", c.params[:1], c.params[1:]); f.errors != c.errors {
			t.Errorf("%s: %d errors, want %d", name, f.errors, c.errors)
		}
	}
}

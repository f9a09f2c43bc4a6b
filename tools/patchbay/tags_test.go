package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// Each folder of testdata/tags is a case, named after what it guards. args holds the arguments, a line each,
// want the tags, or wanterr a part of the error.
func TestTags(t *testing.T) {
	cases, err := filepath.Glob("testdata/tags/*")
	if err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			read := func(name string) string {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				return string(text)
			}
			args := append([]string{"tags"}, strings.Fields(read("args"))...)
			got := place{dir: dir}.run(t, args...)
			want, wantErr := read("want"), strings.TrimSpace(read("wanterr"))
			if (want == "") == (wantErr == "") {
				t.Fatal("the case needs either want or wanterr")
			}
			expect(t, got, ran{out: want, err: wantErr, status: map[bool]int{true: exitOK, false: exitUsage}[wantErr == ""]})
		})
	}
}

// What the command prints is what go build takes: the tags of the binary are those, and its drivers linked.
func TestTagsAreThoseOfABuild(t *testing.T) {
	here := at(t, map[string]string{"app.yaml": "connections: {a: {dialect: sqlite3, filename: a.db}}"})
	tags := strings.TrimSpace(here.run(t, "tags", "app.yaml").out)
	if tags != "sqlite" {
		t.Fatalf("got %q", tags)
	}
	got := finish(t, exec.Command(build(t, tags), "ping", "sqlite::memory:"))
	if got.status != 0 || !strings.HasPrefix(got.out, "ok ") {
		t.Errorf("got %+v", got)
	}
}

func TestEveryKnownDialectAndAliasHasItsTag(t *testing.T) {
	for _, info := range registry.Known() {
		for _, name := range append(info.Aliases, info.Dialect) {
			if tag, err := tagOf(name); err != nil || tag != info.Tag {
				t.Errorf("%s: got %q, %v", name, tag, err)
			}
		}
	}
}

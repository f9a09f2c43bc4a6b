package checks

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

var update = flag.Bool("update", false, "write the files of TestAPI anew")

// What each module exports is written down in testdata/api, so that a change of it shows in a review. To accept one:
//
//	go test ./tools/checks -run TestAPI -update
func TestAPI(t *testing.T) {
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	written := make(map[string]bool)
	for _, module := range workspace(t) {
		if module == "tools" { // programs, which nobody imports
			continue
		}
		name := cmp.Or(strings.ReplaceAll(module, "/", "-"), "patchbay") + ".txt"
		written[name] = true
		got := exported(t, root, module)
		path := filepath.Join("testdata", "api", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := difference(string(want), got); diff != "" {
			t.Errorf("the module %q exports something else: if that is meant, run go test ./tools/checks -run TestAPI -update\n%s", module, diff)
		}
	}
	files, err := filepath.Glob("testdata/api/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !written[filepath.Base(file)] {
			t.Errorf("%s is of no module: remove it", file)
		}
	}
}

// workspace lists the folders of the modules that go.work joins, "" for the root.
func workspace(t *testing.T) (modules []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^\t(?:use )?\.(?:/(\S+))?$`).FindAllStringSubmatch(document(t, "go.work"), -1) {
		modules = append(modules, m[1])
	}
	if !slices.Contains(modules, "") || !slices.Contains(modules, "tools") {
		t.Fatalf("go.work has the modules %q", modules)
	}
	return modules
}

// exported is a line, or several, for each declaration that a program outside can use.
func exported(t *testing.T, root, module string) string {
	t.Helper()
	var b strings.Builder
	start := filepath.Join(root, filepath.FromSlash(module))
	err := filepath.WalkDir(start, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); path != start && (strings.HasPrefix(name, ".") || name == "testdata" || name == "internal" || exists(filepath.Join(path, "go.mod"))) {
			return fs.SkipDir
		}
		lines, err := declarations(path)
		if err != nil || len(lines) == 0 {
			return err
		}
		dir, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "# %s\n%s\n\n", filepath.ToSlash(filepath.Join(sandbox.Library, dir)), strings.Join(lines, "\n"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// declarations lists what the package in a folder exports, sorted, with all tags and without comments.
func declarations(dir string) ([]string, error) {
	context := build.Default
	context.BuildTags, context.GOOS, context.GOARCH = []string{registry.TagAll}, "linux", "amd64"
	pkg, err := context.ImportDir(dir, 0)
	if _, none := err.(*build.NoGoError); none || pkg.Name == "main" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []string
	files := token.NewFileSet()
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(files, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.FileExports(file)
		for _, decl := range file.Decls {
			for _, one := range apart(decl) {
				var text bytes.Buffer
				if err := (&printer.Config{Mode: printer.TabIndent, Tabwidth: 8}).Fprint(&text, files, one); err != nil {
					return nil, err
				}
				lines = append(lines, regexp.MustCompile(`[ \t]+`).ReplaceAllString(regexp.MustCompile(`\n\s*\n`).ReplaceAllString(text.String(), "\n"), " "))
			}
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// apart takes a declaration of several names into one of each. What a function does, and a variable begins with, is left out.
func apart(decl ast.Decl) []ast.Node {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && !ast.IsExported(receiver(d.Recv.List[0].Type)) {
			return nil
		}
		d.Body, d.Doc = nil, nil
		return []ast.Node{d}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return nil
		}
		if d.Tok == token.CONST && d.Lparen.IsValid() { // whose values go on from one line to the next
			d.Doc = nil
			return []ast.Node{d}
		}
		var all []ast.Node
		for _, spec := range d.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR && v.Type != nil {
				v.Values = nil
			}
			all = append(all, &ast.GenDecl{Tok: d.Tok, Specs: []ast.Spec{spec}})
		}
		return all
	}
	return nil
}

// receiver is the name of the type of a method.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// difference lists the lines that only one of two texts has.
func difference(want, got string) string {
	var b strings.Builder
	has := func(text string) map[string]bool {
		set := make(map[string]bool)
		pkg := ""
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "# ") {
				pkg = line
			}
			set[pkg+line] = true
		}
		return set
	}
	before, after := has(want), has(got)
	for _, one := range []struct {
		sign  string
		all   map[string]bool
		other map[string]bool
	}{{"-", before, after}, {"+", after, before}} {
		var lines []string
		for line := range one.all {
			if !one.other[line] {
				lines = append(lines, one.sign+line)
			}
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, ""))
	}
	if b.Len() == 0 && want != got {
		return "the order is another\n"
	}
	return b.String()
}

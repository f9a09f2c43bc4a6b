package checks

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// documents are those whose Go is that of tests in tools/checks/docs or of the examples. The others have tests of their own.
var documents = []string{"tls.md", "sqlite.md", "tenants.md", "kubernetes.md", "orm.md", "faq.md", "design.md", "operators.md", "config.md", "failover.md"}

var fenced = regexp.MustCompile("(?ms)^```(\\w*)\\n(.*?)^```")

// blocks returns the fenced blocks of a language.
func blocks(text, language string) (all []string) {
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		if m[1] == language {
			all = append(all, m[2])
		}
	}
	return all
}

// flush is a text without the indentation of its lines.
func flush(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// What a document shows as Go stands, line for line, in a file that the tests run.
func TestGoOfTheDocuments(t *testing.T) {
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, dir := range []string{"tools/checks/docs", "tools/examples"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" {
				return err
			}
			text, err := os.ReadFile(path)
			code.WriteString(flush(string(text)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, name := range documents {
		for _, block := range blocks(document(t, "docs", name), "go") {
			n++
			if !strings.Contains(code.String(), flush(block)) {
				t.Errorf("no test runs this of docs/%s:\n%s", name, block)
			}
		}
	}
	if n < 15 {
		t.Errorf("%d blocks", n)
	}
}

// Configs in the documents can be read, and so can all other YAML.
func TestYAMLOfTheDocuments(t *testing.T) {
	t.Setenv("DB_PASSWORD", "x")
	for _, name := range documents {
		for _, block := range blocks(document(t, "docs", name), "yaml") {
			var value struct {
				Kind string
				Data map[string]string
			}
			if err := yaml.Unmarshal([]byte(block), &value); err != nil {
				t.Errorf("docs/%s: %v in\n%s", name, err, block)
			}
			configs := slices.Collect(func(yield func(string) bool) {
				for _, text := range value.Data {
					if !yield(text) {
						return
					}
				}
			})
			if value.Kind == "" {
				configs = append(configs, block)
			}
			for _, text := range configs {
				path := filepath.Join(t.TempDir(), "app.yaml")
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if all, err := configfile.Load(path); err != nil || len(all) == 0 {
					t.Errorf("docs/%s: %v in\n%s", name, err, text)
				} else {
					for connection, cfg := range all {
						if err := cfg.Validate(); err != nil {
							t.Errorf("docs/%s: %s: %v", name, connection, err)
						}
					}
				}
			}
		}
	}
}

// The commands and flags of patchbay in the documents exist.
func TestCommandsOfTheDocuments(t *testing.T) {
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "patchbay")
	build := exec.Command("go", "build", "-o", binary, "./tools/patchbay")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	help := make(map[string]string)
	texts := map[string]string{"README.md": readme(t)}
	for _, name := range documents {
		texts[name] = document(t, "docs", name)
	}
	call := regexp.MustCompile(`(?m)(?:^|\$ |\$\(|\x60)patchbay (\w+)([^\n\x60#]*)`)
	flag := regexp.MustCompile(` (--?[a-z][a-z-]*)`)
	n := 0
	for name, text := range texts {
		for _, m := range call.FindAllStringSubmatch(text, -1) {
			n++
			if _, known := help[m[1]]; !known {
				out, err := exec.Command(binary, m[1], "--help").CombinedOutput()
				if err != nil {
					t.Errorf("%s: patchbay %s: %v\n%s", name, m[1], err, out)
				}
				help[m[1]] = string(out)
			}
			for _, f := range flag.FindAllStringSubmatch(m[2], -1) {
				if !regexp.MustCompile(`(?m)^ .*` + f[1] + `\b`).MatchString(help[m[1]]) {
					t.Errorf("%s: patchbay %s has no flag %s", name, m[1], f[1])
				}
			}
		}
	}
	if n < 8 {
		t.Errorf("%d calls", n)
	}
}

// A link to a file of the repository leads to one, and one to a heading of it to that. The README links to every document.
func TestLinksOfTheDocuments(t *testing.T) {
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range more {
		files = append(files, filepath.Join("docs", filepath.Base(path)))
		if !strings.Contains(readme(t), "](docs/"+filepath.Base(path)+")") {
			t.Errorf("the README has no link to docs/%s", filepath.Base(path))
		}
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, file := range files {
		text := fenced.ReplaceAllString(document(t, file), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, heading, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.Join(filepath.Dir(file), filepath.FromSlash(target))
			if target == "" {
				path = file
			}
			info, err := os.Stat(filepath.Join(root, path))
			if err != nil {
				t.Errorf("%s: the link %s leads nowhere", file, m[1])
				continue
			}
			if heading != "" && !info.IsDir() && !slices.Contains(headings(document(t, path)), heading) {
				t.Errorf("%s: %s has no heading %s", file, path, heading)
			}
		}
	}
}

// headings are those of a document as GitHub names them in links.
func headings(text string) (all []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(strings.ReplaceAll(m[1], " ", "-"))
		all = append(all, regexp.MustCompile(`[^\pL\pN_-]`).ReplaceAllString(name, ""))
	}
	return all
}

// Each key that a config can have is in the table of docs/config.md.
func TestKeysOfTheDocuments(t *testing.T) {
	table := document(t, "docs", "config.md")
	for _, inside := range []string{`{"x": 1}`, `{"pool": {"x": 1}}`, `{"retry": {"x": 1}}`} {
		var cfg conn.Config
		err := json.Unmarshal([]byte(inside), &cfg)
		if err == nil {
			t.Fatalf("%s is a config", inside)
		}
		_, keys, _ := strings.Cut(err.Error(), "use one of ")
		all := regexp.MustCompile(`\w+`).FindAllString(keys, -1)
		if len(all) < 5 {
			t.Errorf("%s: %v", inside, err)
		}
		for _, key := range all {
			if !strings.Contains(table, "`"+key+"`") {
				t.Errorf("docs/config.md has no %s", key)
			}
		}
	}
}

func TestTheReadmeIsShort(t *testing.T) {
	if n := strings.Count(readme(t), "\n"); n > 120 {
		t.Errorf("it has %d lines", n)
	}
}

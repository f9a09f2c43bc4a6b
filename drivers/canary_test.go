package drivers_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/registry"
)

const (
	canary   = "Zq9xCanaryx7"
	specials = "@/:?#&%=+,;'`{}[]()\\ \"\n\x00" // to one parser or another
)

func shows(err error) bool {
	return err != nil && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(canary))
}

// corpora returns what the fuzz tests of all parsers start from: the literals in them, what they have found before, and the
// tables of connection strings.
func corpora(t *testing.T) []string {
	all := make(map[string]bool)
	found := regexp.MustCompile(`(?m)^string\((".*")\)$`)
	for _, dir := range []string{".", "../registry"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch {
			case strings.Contains(path, "testdata/fuzz/Fuzz"):
				text, err := os.ReadFile(path)
				for _, m := range found.FindAllSubmatch(text, -1) {
					if plain, err := strconv.Unquote(string(m[1])); err == nil {
						all[plain] = true
					}
				}
				return err
			case filepath.Base(path) == "urls.txt":
				for _, row := range testdriver.ReadRows(t, path) {
					all[row.Text] = true
				}
			case strings.HasSuffix(path, "_test.go"):
				return literals(path, all)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, unescaped := range []string{"a?b=c", "a?b&c=d", "a&b", "a#b=", "a;b=c", "a b=c", "a/b?c=d", "'a' b=c", `a"b=c`} {
		all["postgres://u:"+unescaped+"@h/d"] = true
		all["mysql://u:"+unescaped+"@h:1/d?ssl=true"] = true
		all["u:"+unescaped+"@tcp(h)/d?x=y"] = true
		all["user=u password="+unescaped+" host=h"] = true
		all["server=h;user id=u;password="+unescaped+";database=d"] = true
	}
	if len(all) < 250 {
		t.Fatalf("only %d entries were found", len(all))
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(text string) bool {
		return len(text) > 1000 // and nothing else
	})
}

func literals(path string, all map[string]bool) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return err
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "Fuzz") || f.Name.Name == "FuzzLogin" || f.Name.Name == "FuzzServer" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					all[text] = true
				}
			}
			return true
		})
	}
	return nil
}

// Wherever the canary stands in any connection string or config, no parser's error shows it, but for the names of keys.
func TestNoParserShowsAValue(t *testing.T) {
	var drivers []registry.Driver
	for _, info := range registry.Linked() {
		d, err := registry.Lookup(info.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		drivers = append(drivers, d)
	}
	failures := 0
	fail := func(how, text string, err error) {
		if failures++; failures < 30 {
			t.Errorf("%s of %q: %v", how, text, err)
		}
	}
	open := func(d registry.Driver, cfg registry.Config) error {
		_, err := registry.Default().Resolve(&cfg)
		if err == nil {
			err = cfg.Validate()
		}
		if err == nil {
			_, err = d.Connector(cfg, registry.Env{})
		}
		return err
	}
	n, dir := 0, t.TempDir()
	for _, entry := range corpora(t) {
		for at := range len(entry) + 1 {
			n++
			text := entry[:at] + canary + entry[at:]
			cfg, err := registry.ParseURL(text)
			if err == nil {
				if d, lookup := registry.Lookup(cfg.Dialect); lookup == nil {
					err = open(d, cfg)
				}
			}
			if shows(err) && !isKey(entry, at) {
				fail("ParseURL", text, err)
			}
			special := string(specials[n%len(specials)])
			for _, d := range drivers {
				dialect := d.Info().Dialect
				for _, text := range []string{text, entry[:at] + special + canary + entry[at:], entry[:at] + canary + special + entry[at:]} {
					if err := open(d, registry.Config{Dialect: dialect, DSN: registry.NewSecret(text)}); shows(err) {
						fail("a DSN for "+dialect, text, err)
					}
				}
			}
			var object registry.Config
			if err := json.Unmarshal([]byte(text), &object); shows(err) && !isJSONKey(text) {
				fail("JSON", text, err)
			}
			var fields map[string]any
			if json.Unmarshal([]byte(text), &fields) == nil {
				if _, err := registry.ConfigFromMap(fields); shows(err) && !isJSONKey(text) {
					fail("ConfigFromMap", text, err)
				}
			}
			if n%64 != 0 { // what follows takes time
				continue
			}
			quoted, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			for name, content := range map[string]string{
				"app.json": `{"connections": {"main": ` + string(quoted) + `}}`,
				"app.yaml": "connections:\n  main: {dialect: mysql, host: h, password: " + text + "}\n", // a comma ends the value
				"raw.yaml": text,
			} {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := configfile.Load(path); shows(err) && !(name == "app.json" && isKey(entry, at)) && !isJSONKey(text) {
					fail(name, text, err)
				}
			}
		}
	}
	t.Logf("%d texts", n)
}

// isKey reports whether the place in a URL is the dialect or the name of a parameter, which errors show. A password may have
// a ? in it, and then an @ follows.
func isKey(text string, at int) bool {
	if isScheme(text, at) {
		return true
	}
	before, after := text[:at], text[at:]
	start := strings.LastIndexAny(before, "?&")
	return strings.Contains(before, "?") && !strings.Contains(before[start:], "=") && !strings.Contains(after, "@")
}

func isScheme(text string, at int) bool {
	scheme, _, ok := strings.Cut(text, "://")
	return ok && at <= len(scheme) && !strings.ContainsAny(scheme, "@/:? ")
}

// isJSONKey reports whether the canary is in a key of a JSON text.
func isJSONKey(text string) bool {
	d := json.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) || err != nil {
			return false
		}
		if s, ok := token.(string); ok && strings.Contains(s, canary) {
			rest := strings.TrimLeft(text[d.InputOffset():], " \t\r\n")
			return strings.HasPrefix(rest, ":")
		}
	}
}

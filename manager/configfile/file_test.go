package configfile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/manager/configfile"
	"github.com/patchbay-go/patchbay/registry"
)

// write puts a file into a folder of the test's own and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, name, text string) *configfile.File {
	t.Helper()
	f, err := configfile.Read(write(t, name, text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// config reads the connection "main" of a YAML file.
func config(t *testing.T, text string) (registry.Config, error) {
	t.Helper()
	return read(t, "app.yaml", text).Config("main")
}

func TestYAMLAndJSONSayTheSame(t *testing.T) {
	yaml := `
# an app with more in its config than connections
server: {port: 80}
connections:
  main: &shop
    dialect: postgres
    host: db.example
    port: 5433
    password: "s3cret: with #"
    pool: {min: 1, max: 5, maxLifetime: 1h}
    ssl: {rejectUnauthorized: false}
    params: {search_path: a}
  other:
    <<: *shop
    host: other.example
`
	json := `{"server": {"port": 80}, "connections": {
	"main": {"dialect": "postgres", "host": "db.example", "port": 5433, "password": "s3cret: with #",
	  "pool": {"min": 1, "max": 5, "maxLifetime": "1h"}, "ssl": {"rejectUnauthorized": false}, "params": {"search_path": "a"}},
	"other": {"dialect": "postgres", "host": "other.example", "port": 5433, "password": "s3cret: with #",
	  "pool": {"min": 1, "max": 5, "maxLifetime": "1h"}, "ssl": {"rejectUnauthorized": false}, "params": {"search_path": "a"}}}}`
	want := registry.Config{
		Dialect: "postgres", Host: "db.example", Port: 5433, Password: registry.NewSecret("s3cret: with #"),
		Pool: registry.Pool{Min: 1, Max: 5, MaxLifetime: time.Hour}, TLS: &registry.TLS{SkipVerify: true},
		Params: map[string]string{"search_path": "a"},
	}
	for name, text := range map[string]string{"app.yaml": yaml, "app.yml": yaml, "app.json": json, "app.JSON": "\ufeff" + json, "json-is-yaml": json} {
		t.Run(name, func(t *testing.T) {
			f := read(t, name, text)
			if got := f.Names(); !slices.Equal(got, []string{"main", "other"}) {
				t.Errorf("names %q", got)
			}
			if got, err := f.Config("main"); err != nil || !got.Equal(want) {
				t.Errorf("main is %v, %v; want %v", got, err, want)
			}
			if got, err := f.Config("other"); err != nil || got.Host != "other.example" || got.Port != 5433 {
				t.Errorf("other is %v, %v", got, err)
			}
		})
	}
}

func TestAConnectionCanBeAURL(t *testing.T) {
	got, err := config(t, `connections: {main: "mysql://app:p%40ss@db.example/shop?pool.max=3"}`)
	if err != nil {
		t.Fatal(err)
	}
	if got.Dialect != "mysql" || got.Password.Reveal() != "p@ss" || got.Pool.Max != 3 {
		t.Errorf("got %v", got)
	}
}

func TestAFileCanBeASingleConfig(t *testing.T) {
	f := read(t, "db.yaml", "dialect: sqlite\nfilename: app.db\n")
	if got := f.Names(); !slices.Equal(got, []string{configfile.Unnamed}) {
		t.Errorf("names %q", got)
	}
	got, err := f.Config(configfile.Unnamed)
	if err != nil || filepath.Base(got.Filename) != "app.db" || !filepath.IsAbs(got.Filename) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestYAMLDoesNotGuessATypeForTexts(t *testing.T) {
	got, err := config(t, "connections: {main: {dialect: mysql, user: yes, password: 2024-01-02, database: 12:30:45, params: {1: x}}}")
	want := registry.Config{
		Dialect: "mysql", User: "yes", Password: registry.NewSecret("2024-01-02"), Database: "12:30:45",
		Params: map[string]string{"1": "x"},
	}
	if err != nil || !got.Equal(want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// What is refused, and that the errors say where and never repeat a value.
func TestErrorsSayWhereAndRepeatNoValue(t *testing.T) {
	const secret = "Tr0ub4dor"
	for name, c := range map[string]struct{ file, text, want string }{
		"not YAML":             {"a.yaml", "connections:\n  main:\n   password: " + secret + "\n  host: [", "near line"},
		"anchor as a value":    {"a.yaml", "connections:\n  main:\n    password: *" + secret, "is not valid YAML"},
		"tag as a value":       {"a.yaml", "connections:\n  main:\n    password: !!int " + secret, "YAML"},
		"key twice in YAML":    {"a.yaml", "connections:\n  main:\n    password: " + secret + "\n    password: b", `"password" is given twice, again in line 4`},
		"several documents":    {"a.yaml", "connections: {main: 'sqlite:a.db'}\n---\na: " + secret, "more than one YAML document"},
		"not JSON":             {"a.json", "{\"connections\":\n{\"main\": " + secret + "}}", "not valid JSON near line 2"},
		"more after the JSON":  {"a.json", `{"connections":{"main":"sqlite:a.db"}} "` + secret + `"`, "not valid JSON near line 1"},
		"connections twice":    {"a.json", `{"connections":{}, "connections":{"` + secret + `":1}}`, `"connections" is given twice`},
		"name twice":           {"a.json", `{"connections":{"main":"` + secret + `","main":{}}}`, `connections: "main" is given twice`},
		"a list":               {"a.json", `["` + secret + `"]`, "is not an object"},
		"no connections":       {"a.yaml", "conections: " + secret, "has no connections"},
		"a list of them":       {"a.yaml", "connections: [" + secret + "]", "connections: is not an object"},
		"none":                 {"a.yaml", "connections: {}", "connections is empty"},
		"a number for one":     {"a.yaml", "connections: {main: 5}", `connection "main" is neither a config nor a URL`},
		"both forms":           {"a.yaml", "connections: {main: x}\ndialect: sqlite", "has both connections and dialect"},
		"an empty file":        {"a.yaml", "", "is empty"},
		"a text":               {"a.yaml", secret, "is not an object"},
		"not a number":         {"a.yaml", "connections: {main: {dialect: mysql, port: .nan}}", "is not valid YAML"},
		"rest cannot be read":  {"a.yaml", "dialect: sqlite\n--- {\n" + secret, "more after it that cannot be read"},
		"unknown key":          {"a.yaml", "connections: {main: {dialect: mysql, pasword: " + secret + "}}", `did you mean "password"`},
		"key twice in JSON":    {"a.json", `{"connections":{"main":{"dialect":"mysql","password":"` + secret + `","password":"b"}}}`, `"password" is given twice`},
		"wrong type":           {"a.yaml", "connections: {main: {dialect: mysql, password: {a: " + secret + "}}}", "password"},
		"a number as password": {"a.yaml", "connections: {main: {dialect: mysql, password: 0123}}", "password must be a string"},
		"doubtful URL":         {"a.yaml", "connections: {main: 'mysql://u:" + secret + "@@h/d'}", "config: url"},
		"invalid field":        {"a.yaml", "connections: {main: {dialect: mysql, port: 99999}}", "port is 99999"},
		"unclosed variable":    {"a.yaml", "connections: {main: {dialect: mysql, password: '" + secret + "${A'}}", "password has a ${ without its }"},
		"no name":              {"a.yaml", "connections: {main: {dialect: mysql, password: '${" + secret + "!}'}}", "no name of an environment variable"},
		"not PEM":              {"a.yaml", "connections: {main: {dialect: mysql, ssl: {ca: " + secret + "}}}", "ssl.ca is not PEM text: give the PEM text itself"},
		"unknown field of ssl": {"a.yaml", "connections: {main: {dialect: mysql, ssl: {password: " + secret + "}}}", "ssl.password"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := configfile.Read(write(t, c.file, c.text))
			if err == nil {
				_, err = f.Config("main")
			}
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q in it", err, c.want)
			}
			if !strings.Contains(err.Error(), c.file) {
				t.Errorf("%q does not name the file", err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q repeats the value", err)
			}
		})
	}
}

func TestAMissingNameListsThoseThereAre(t *testing.T) {
	f := read(t, "a.yaml", "connections: {b: 'sqlite:b', a: 'sqlite:a'}")
	if _, err := f.Config("c"); err == nil || !strings.Contains(err.Error(), `no connection "c": use a, b`) {
		t.Errorf("got %v", err)
	}
}

func TestDocumentsOfYAMLMayBeMarked(t *testing.T) {
	for _, text := range []string{
		"---\ndialect: sqlite\n", "# note\n---\ndialect: sqlite\n...\n", "%YAML 1.1\n---\ndialect: sqlite\n",
		"dialect: sqlite\nssl:\n  ca: |\n    -----BEGIN X-----\n    ---\n    -----END X-----\n",
	} {
		if _, err := configfile.Read(write(t, "a.yaml", text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

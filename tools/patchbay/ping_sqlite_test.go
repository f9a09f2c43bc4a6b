//go:build sqlite || alldrivers

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// some is a folder with a config of three connections, two of which have their files.
func some(t *testing.T) place {
	t.Helper()
	here := at(t, map[string]string{"app.yaml": `
connections:
  main: {dialect: sqlite, filename: main.db}
  logs: "sqlite:${PB_LOGS:-logs.db}"
  gone: {dialect: sqlite3, database: gone.db}
`})
	for _, name := range []string{"main.db", "logs.db"} {
		if got := here.run(t, "query", "--create", "sqlite:"+name, "create table t (a)"); got.status != 0 {
			t.Fatalf("got %+v", got)
		}
	}
	return here
}

var okLine = regexp.MustCompile(`^ok    (?:(\S+)  )?sqlite:(\S+)  3\.\d+\.\d+  opened in \d+\.\d ms, ping \d+\.\d\d ms\n$`)

func TestPingOfAURL(t *testing.T) {
	here := some(t)
	got := here.run(t, "ping", "sqlite:main.db?mode=ro&busy_timeout=10")
	if m := okLine.FindStringSubmatch(got.out); got.status != 0 || got.err != "" || m == nil || m[2] != "main.db" {
		t.Errorf("got %+v", got)
	}
	got = here.run(t, "ping", "sqlite::memory:")
	if m := okLine.FindStringSubmatch(got.out); got.status != 0 || m == nil || m[2] != ":memory:" {
		t.Errorf("got %+v", got)
	}
}

func TestPingCreatesNothing(t *testing.T) {
	here := some(t)
	before, err := os.ReadDir(here.dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := here.run(t, "ping", "sqlite:gone.db"); got.status != 1 || got.err != "" ||
		!strings.HasPrefix(got.out, "fail  sqlite:gone.db  cannot open: open \""+filepath.Join(here.dir, "gone.db")+"\": the file does not exist") {
		t.Errorf("got %+v", got)
	}
	here.run(t, "ping", "app.yaml")
	after, err := os.ReadDir(here.dir)
	if err != nil || len(after) != len(before) {
		t.Errorf("there were %v and now are %v, %v", before, after, err)
	}
}

func TestPingOfAConfigTriesAllOrTheNamed(t *testing.T) {
	here := some(t)
	got := here.run(t, "ping", "app.yaml")
	// G5: the order of the file, in one stream, aligned, with a sum.
	want := regexp.MustCompile(`^ok    main  sqlite:main\.db   3\..*\nok    logs  sqlite:logs\.db   3\..*\nfail  gone  sqlite3:gone\.db  cannot open: .*\n2 of 3 answered\n$`)
	if got.status != 1 || got.err != "" || !want.MatchString(got.out) {
		t.Errorf("got %+v", got)
	}
	for _, args := range [][]string{{"app.yaml", "main"}, {"app.yaml:main"}, {"app.yaml:main", "main"}} {
		got = here.run(t, append([]string{"ping"}, args...)...)
		if m := okLine.FindStringSubmatch(got.out); got.status != 0 || m == nil || m[1] != "main" {
			t.Errorf("%q: got %+v", args, got)
		}
	}
	here.env = []string{"PB_LOGS=elsewhere.db"}
	if got := here.run(t, "ping", "app.yaml", "logs"); got.status != 1 || !strings.HasPrefix(got.out, "fail  logs  sqlite:elsewhere.db  cannot open: ") {
		t.Errorf("got %+v", got)
	}
}

func TestPingInJSON(t *testing.T) {
	got := some(t).run(t, "ping", "app.yaml", "--json")
	var results []result
	if err := json.Unmarshal([]byte(got.out), &results); err != nil || got.status != 1 || got.err != "" || len(results) != 3 {
		t.Fatalf("got %v, %+v", err, got)
	}
	main, logs, gone := results[0], results[1], results[2]
	if gone.Name != "gone" || gone.OK || gone.Kind != "cannot open" || gone.Attempts != 1 || gone.Hint == "" || gone.Version != "" ||
		!strings.Contains(gone.Error, "the file does not exist") || gone.Target != "sqlite3:gone.db" {
		t.Errorf("got %+v", gone)
	}
	for _, r := range []result{logs, main} {
		if !r.OK || r.Kind != "" || r.Error != "" || r.Hint != "" || !strings.HasPrefix(r.Version, "3.") || r.Open <= 0 || r.Target != "sqlite:"+r.Name+".db" {
			t.Errorf("got %+v", r)
		}
	}
}

// One connection that cannot be read does not keep the others from being tried.
func TestPingTellsABadConfigBesideGoodOnes(t *testing.T) {
	here := some(t)
	config := `
connections:
  bad: {dialect: sqlite, filename: "${PB_UNSET}"}
  worse: {dialect: sqlite, filename: a.db, password: "` + secret + `"}
  main: {dialect: sqlite, filename: main.db}
`
	if err := os.WriteFile(filepath.Join(here.dir, "some.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	got := here.run(t, "ping", "some.yaml")
	lines := strings.Split(got.out, "\n")
	if got.status != 2 || len(lines) != 5 ||
		!strings.HasPrefix(lines[0], "fail  bad    -               config: some.yaml: connection \"bad\": filename needs the environment variable PB_UNSET") ||
		!strings.HasPrefix(lines[1], "fail  worse  sqlite:a.db     config: password has no meaning for sqlite") ||
		!strings.HasPrefix(lines[2], "ok    main   sqlite:main.db  3.") || lines[3] != "1 of 3 answered" {
		t.Errorf("got %+v", got)
	}
	if got := here.run(t, "ping", "some.yaml", "bad", "main", "--wait=1h"); got.status != 2 || !strings.Contains(got.out, "\nok    main") {
		t.Errorf("got %+v", got)
	}
}

func TestPingOfWhatIsNoDatabase(t *testing.T) {
	here := at(t, map[string]string{"text.db": strings.Repeat("no database. ", 100)})
	if got := here.run(t, "ping", "sqlite:text.db"); got.status != 1 || !strings.HasPrefix(got.out, "fail  sqlite:text.db  corrupt: ") {
		t.Errorf("got %+v", got)
	}
	// What does not pass by itself is not waited for.
	if got := here.run(t, "ping", "sqlite:text.db", "--wait=1h"); got.status != 1 || !strings.HasPrefix(got.out, "fail  sqlite:text.db  corrupt: ") {
		t.Errorf("got %+v", got)
	}
}

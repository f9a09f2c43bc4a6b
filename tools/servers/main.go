// Command servers runs the tests of drivers and pools against servers of several versions, which it fetches into a
// cache folder, and prints a table. "go tool mage servers" calls it.
//
//	servers [-fetch] [name ...]
//
// A name, such as mysql-9.7, selects servers; none selects all. -fetch fetches, prints the variables that have the
// tests use them, and runs nothing.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// server is one to test with.
type server struct {
	name    string
	dialect string
	fetch   func(dir string) (bin string, err error) // nil: what is installed
}

var servers = []server{
	{"mysql-9.7", "mysql", debian("mysql-server-core")},
	{"mariadb-11.8", "mysql", debian("mariadb-server-core", "mariadb-client-core")},
	{"mariadb-installed", "mysql", nil},
	{"postgres-14", "postgres", npm("14")},
	{"postgres-15", "postgres", npm("15")},
	{"postgres-16", "postgres", npm("16")},
	{"postgres-17", "postgres", npm("17")},
	{"postgres-18", "postgres", npm("18")},
}

// beside is how many run at a time: most of what a test does is to wait for its server.
const beside = 2

func main() {
	fetchOnly := flag.Bool("fetch", false, "only fetch, and print what has the tests use it")
	flag.Parse()
	if err := run(flag.Args(), *fetchOnly); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(names []string, fetchOnly bool) error {
	for _, name := range names {
		if !slices.ContainsFunc(servers, func(s server) bool { return s.name == name }) {
			return fmt.Errorf("there is no server %q", name)
		}
	}
	cache, err := cacheFolder()
	if err != nil {
		return err
	}
	var all []*result
	for _, s := range servers {
		if len(names) == 0 || slices.Contains(names, s.name) {
			all = append(all, &result{server: s})
		}
	}
	var failed error
	for _, r := range all {
		if r.fetch == nil {
			continue
		}
		fmt.Fprintln(os.Stderr, "== have", r.name)
		if r.bin, r.err = have(cache, r.server); r.err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", r.name, r.err))
		}
	}
	if fetchOnly {
		for _, r := range all {
			if r.bin != "" {
				fmt.Println(r.variable())
			}
		}
		return failed
	}
	// What all need is built once.
	build := exec.Command("go", append([]string{"test", "-race", "-tags", "alldrivers", "-run", "^$"}, packages("*")...)...)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the tests: %w", err)
	}
	var running sync.WaitGroup
	places := make(chan bool, beside)
	for _, r := range all {
		if r.err != nil {
			continue
		}
		places <- true
		running.Go(func() {
			r.test()
			<-places
		})
	}
	running.Wait()
	return errors.Join(failed, report(all))
}

// packages returns those that talk to a server of the dialect.
func packages(dialect string) []string {
	if dialect == "*" {
		return []string{"./internal/testserver", "./drivers/mysql/...", "./drivers/postgres/...", "./conn/...", "./manager/..."}
	}
	return []string{"./internal/testserver", "./drivers/" + dialect + "/...", "./conn/...", "./manager/..."}
}

// result is how the tests with a server ended.
type result struct {
	server
	bin                     string
	version                 string
	passed, failed, leftOut int
	took                    time.Duration
	err                     error
}

func (r *result) variable() string {
	return "PATCHBAY_TEST_" + strings.ToUpper(r.dialect) + "_BIN=" + r.bin
}

// event is a line of go test -json.
type event struct{ Action, Package, Test, Output string }

func (r *result) test() {
	fmt.Fprintln(os.Stderr, "== test", r.name)
	start := time.Now()
	cmd := exec.Command("go", append([]string{"test", "-race", "-json", "-count=1", "-timeout=20m", "-tags", "alldrivers"}, packages(r.dialect)...)...)
	cmd.Env = append(os.Environ(), "PATCHBAY_TEST_REQUIRE="+r.dialect)
	summary, err := os.MkdirTemp("", "patchbay-servers-")
	if err != nil {
		r.err = err
		return
	}
	defer os.RemoveAll(summary)
	cmd.Env = append(cmd.Env, "PATCHBAY_TEST_SUMMARY="+summary)
	if r.bin != "" {
		cmd.Env = append(cmd.Env, r.variable())
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		r.err = err
		return
	}
	outputs := make(map[string]string)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // what a compiler says
		}
		key := e.Package + " " + e.Test
		switch {
		case e.Action == "output":
			outputs[key] += e.Output
		case e.Action == "fail":
			fmt.Fprintf(os.Stderr, "-- %s: %s\n%s", r.name, key, outputs[key])
			if e.Test != "" {
				r.failed++
			}
		case e.Test == "":
		case e.Action == "pass":
			r.passed++
		case e.Action == "skip":
			r.leftOut++
		}
		if e.Action == "pass" || e.Action == "skip" || e.Action == "fail" {
			delete(outputs, key)
		}
	}
	r.err = errors.Join(lines.Err(), cmd.Wait())
	if r.err != nil && r.failed == 0 {
		fmt.Fprint(os.Stderr, stderr.String())
	}
	r.version = versionIn(summary)
	r.took = time.Since(start)
}

var version = regexp.MustCompile(`(PostgreSQL|MySQL|MariaDB) \d[\d.]+`)

// versionIn reads what the tests noted of the servers that they started. The other dialect's is there, too.
func versionIn(summary string) string {
	found := make(map[string]bool)
	files, _ := filepath.Glob(filepath.Join(summary, "*")) // fails only for a bad pattern
	for _, file := range files {
		text, _ := os.ReadFile(file) // a version less in a table
		for _, v := range version.FindAllString(string(text), -1) {
			found[v] = true
		}
	}
	var all []string
	for v := range found {
		all = append(all, v)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func report(all []*result) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "server\tversions\tpassed\tfailed\tleft out\tseconds\t")
	var failed error
	for _, r := range all {
		note := ""
		if r.err != nil {
			note = r.err.Error()
			failed = fmt.Errorf("not every server passed")
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%.0f\t%s\n", r.name, r.version, r.passed, r.failed, r.leftOut, r.took.Seconds(), note)
	}
	return errors.Join(w.Flush(), failed)
}

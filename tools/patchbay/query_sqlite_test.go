//go:build sqlite || alldrivers

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

// The first command of the README, from the root of a clone.
func TestQueryOfTheReadme(t *testing.T) {
	cmd := exec.Command("go", "run", "-tags", "sqlite", "./tools/patchbay", "query", "sqlite::memory:", "select sqlite_version()")
	cmd.Dir = filepath.Join("..", "..")
	got := finish(t, cmd)
	if !regexp.MustCompile(`^sqlite_version\(\)\n-+\n3\.\d+\.\d+\n\(1 row\)\n$`).MatchString(got.out) || got.status != 0 || got.err != "" {
		t.Errorf("got %+v", got)
	}
}

// The life of a table, as a person at a terminal sees it.
func TestQueriesOneAfterTheOther(t *testing.T) {
	here := at(t, map[string]string{"app.yaml": "connections: {main: {dialect: sqlite, filename: shop.db}, other: 'sqlite:other.db'}"})
	for _, c := range []struct {
		args []string
		want ran
	}{
		{[]string{"create table t (id integer primary key, name text, at timestamp, b blob)"}, ran{out: "done\n"}},
		{[]string{"insert into t (name, at) values (?, ?), (?, null)", "Ada", "2024-02-29 13:14:15+02:00", "O'Hara; drop table t --"}, ran{out: "2 rows affected\n"}},
		{[]string{"insert into t (name, b) values ('', x'00ff')"}, ran{out: "1 row affected\n"}},
		{[]string{"--format=csv", "update t set name = ? where id = ?", "--", "-1", "3"}, ran{out: "rows_affected\n1\n"}},
		{[]string{"--format=json", "delete from t where id = 99"}, ran{out: "{\"rowsAffected\":0}\n"}},
		{[]string{"select * from t order by id", "--format", "csv"}, ran{out: "id,name,at,b\n1,Ada,2024-02-29T11:14:15Z,\n2,O'Hara; drop table t --,,\n3,-1,,\\x00ff\n"}},
		{[]string{"select id, name, b from t where id > ? order by id", "1", "--format", "json"}, ran{out: "[\n{\"id\":2,\"name\":\"O'Hara; drop table t --\",\"b\":null},\n{\"id\":3,\"name\":\"-1\",\"b\":\"\\\\x00ff\"}\n]\n"}},
		{[]string{"delete from t where id = 1 returning name"}, ran{out: "name\n----\nAda\n(1 row)\n"}},
		{[]string{"with old as (select 2 as id) delete from t where id in (select id from old)"}, ran{out: "1 row affected\n"}},
		{[]string{"select count(*) from t"}, ran{out: "count(*)\n--------\n       1\n(1 row)\n"}},
		{[]string{"select * from t where 0"}, ran{out: "id  name  at  b\n--  ----  --  -\n(0 rows)\n"}},
		{[]string{"select * from missing"}, ran{status: 1, err: `patchbay: query on "main": `}},
		{[]string{"select ?"}, ran{status: 1, err: `patchbay: query on "main": `}},
	} {
		got := here.run(t, append([]string{"query", "--create", "app.yaml:main"}, c.args...)...)
		expect(t, got, c.want)
	}
	if _, err := os.Stat(here.dir + "/other.db"); !os.IsNotExist(err) {
		t.Errorf("the other connection was opened: %v", err)
	}
}

func TestQueryOfWhatCannotBeOpened(t *testing.T) {
	here := at(t, map[string]string{"app.yaml": "dialect: sqlite\nfilename: ${PB_UNSET}\n"})
	expect(t, here.run(t, "query", "sqlite:missing/app.db", "select 1"), ran{status: 1, err: `missing" does not exist`})
	expect(t, here.run(t, "query", "sqlite:app.db?mode=ro", "select 1"), ran{status: 1, err: "; correct the name"})
	expect(t, here.run(t, "query", "sqlite:app.db?mod=ro", "select 1"), ran{status: 2, err: `did you mean "mode"?`})
	expect(t, here.run(t, "query", "app.yaml", "select 1"), ran{status: 2, err: "needs the environment variable PB_UNSET"})
	here.env = []string{"PB_UNSET=app.db"}
	expect(t, here.run(t, "query", "--create", "app.yaml", "select 1 as one", "--format=csv"), ran{out: "one\n1\n"})
}

// endless counts without end.
const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select "

func TestTimeout(t *testing.T) {
	start := time.Now()
	expect(t, place{}.run(t, "query", "sqlite::memory:", endless+"count(*) from n", "--timeout", "200ms"), ran{
		status: 124, err: "patchbay: query: not done within the --timeout of 200ms\n",
	})
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Rows come out while the query runs, and an interrupt ends it in good order.
func TestRowsAreStreamedUntilAnInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		const line = "a process cannot be sent an interrupt there"
		testserver.Report("sqlite", "skipped an interrupted patchbay query: "+line)
		t.Skip(line)
	}
	for format, first := range map[string]string{"csv": "i\n", "json": "[\n"} {
		t.Run(format, func(t *testing.T) {
			cmd := place{}.command("query", "sqlite::memory:", endless+"i from n", "--format", format)
			pipe, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			var errOut strings.Builder
			cmd.Stderr = &errOut
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			out := bufio.NewReader(pipe)
			if line, err := out.ReadString('\n'); err != nil || line != first {
				t.Errorf("got %q, %v", line, err)
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			last := ""
			for err == nil {
				var line string
				if line, err = out.ReadString('\n'); line != "" {
					last = line
				}
			}
			if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitInterrupted {
				t.Errorf("ended with %v", cmd.ProcessState)
			}
			if !strings.HasPrefix(errOut.String(), "patchbay: query: interrupted") || strings.Count(errOut.String(), "\n") != 1 {
				t.Errorf("got %q", errOut.String())
			}
			if strings.Contains(last, "]") {
				t.Errorf("the array is closed: %q", last)
			}
		})
	}
}

package main

import (
	"strings"
	"testing"
)

// A mistake on the command line costs status 2 and one line, which never repeats what was given: that may be a
// URL with a password.
func TestMistakesOnTheCommandLine(t *testing.T) {
	here := at(t, map[string]string{"app.yaml": "connections: {a: 'sqlite:a.db', b: 'sqlite:b.db'}", "broken.yaml": "{"})
	url := "postgres://app:" + secret + "@localhost/shop"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{url}, "no command before the URL: write patchbay ping or patchbay query"},
		{[]string{"pin", url}, "unknown command: did you mean ping?"},
		{[]string{secret}, "unknown command: use "},
		{[]string{"ping"}, "an argument is missing: write patchbay ping URL|FILE|CONFIG [NAME...]"},
		{[]string{"ping", url, "main"}, "names follow a config file, not a URL"},
		{[]string{"ping", "--wait", url}, `--wait cannot have this value: write a time with its unit, such as "30s"`},
		{[]string{"ping", "--wait", "-5s", url}, "--wait is negative"},
		{[]string{"ping", "--wait"}, "--wait has no value"},
		{[]string{"ping", "--wiat=" + secret}, "unknown flag: did you mean --wait?"},
		{[]string{"ping", "--" + secret}, "unknown flag: see patchbay ping --help"},
		{[]string{"ping", "-" + secret}, "unknown flag: see patchbay ping --help, or put -- before"},
		{[]string{"ping", "--json=" + secret, url}, "--json cannot have this value: write it without a value"},
		{[]string{"ping", "app:" + secret + "@localhost/shop"}, "neither a URL nor the path of a file"},
		{[]string{"ping", "host=h password=" + secret}, "neither a URL nor the path of a file"},
		{[]string{"ping", "missing.yaml"}, "read the config: open missing.yaml: no such file"},
		{[]string{"ping", "broken.yaml"}, "broken.yaml: is not valid YAML"},
		{[]string{"ping", "app.yaml", "c"}, "app.yaml has no connection of that name: use a, b"},
		{[]string{"ping", "app.yaml:c"}, "app.yaml has no connection of that name: use a, b"},
		{[]string{"ping", "postgres://app:" + secret + "@@localhost"}, "config: url contains an \"@\""},
		{[]string{"ping", "oracle://app:" + secret + "@@localhost"}, "config: url contains an \"@\""},
		{[]string{"query"}, "an argument is missing: write patchbay query URL|FILE|CONFIG[:NAME] [SQL [ARG...]]"},
		{[]string{"query", url}, "the SQL is empty: write it after the connection, or name its file with -f"},
		{[]string{"query", url, "-f", "missing.sql"}, "read the SQL: open missing.sql: no such file"},
		{[]string{"query", url, "select 1", "--arg", "number:" + secret}, "--arg 1 has no type that is known: write it as int:5"},
		{[]string{"query", url, "select 1", "--arg", "int:" + secret}, "--arg 1 is not of its type: write it as in int:5"},
		{[]string{"query", url, "select 1", "--args", secret}, "--args is not an array of JSON"},
		{[]string{"query", url, "select 1", "a", "--arg", "int:1"}, "arguments are given in more than one way"},
		{[]string{"query", url, "select 1", "--json"}, "unknown flag: did you mean --format json? see patchbay query --help"},
		{[]string{"query", url, "-c", "select 1"}, "unknown flag: the SQL is an argument after the connection"},
		{[]string{"query", url, ".tables"}, "is a command of a prompt, not SQL"},
		{[]string{"query", url, `\d`}, "is a command of a prompt, not SQL"},
		{[]string{"query", "missing.db", "select 1"}, "the database file does not exist: correct its name, or make it with patchbay query --create"},
		{[]string{"query", "--create", "--read-only", url, "select 1"}, "exclude each other"},
		{[]string{"query", "--pgpass", "-W", url, "select 1"}, "the password comes from more than one place"},
		{[]string{"ping", "app.yaml", "-W"}, "--password asks for one password"},
		{[]string{"completion", "csh"}, "unknown shell: write patchbay completion bash|fish|powershell|zsh"},
		{[]string{"help", secret}, "unknown command: use "},
		{[]string{"url", secret}, "the form of the text does not tell the dialect"},
		{[]string{"url", url, "--format", secret}, "--format cannot have this value: use url, json or yaml"},
		{[]string{"query", "app.yaml", "select 1"}, "several connections: put one of them after it, as in app.yaml:a"},
		{[]string{"query", "app.yaml:c", "select 1"}, "app.yaml has no connection of that name: use a, b"},
		{[]string{"query", url, "select 1", "--format", secret}, "--format cannot have this value: use table, csv, tsv, json, jsonl"},
		{[]string{"query", url, "select 1", "--timeout=-1s"}, "--timeout is negative"},
		{[]string{"tags"}, "an argument is missing: write patchbay tags CONFIG..."},
		{[]string{"tags", url}, "the argument is not the path of a config file"},
		{[]string{"tags", "app.yaml:a"}, "the argument is not the path of a config file"},
		{[]string{"drivers", url}, "too many arguments: write patchbay drivers"},
	} {
		t.Run(strings.ReplaceAll(strings.Join(c.args, " "), "/", "|"), func(t *testing.T) {
			expect(t, here.run(t, c.args...), ran{status: 2, err: c.want})
		})
	}
}

func TestHelpNamesTheCommands(t *testing.T) {
	got := place{}.run(t)
	if got.status != 0 || got.err != "" {
		t.Errorf("got %+v", got)
	}
	for _, name := range []string{"completion", "drivers", "ping", "query", "serve", "tags", "url", "version"} {
		if !strings.Contains(got.out, "\n  "+name+" ") {
			t.Errorf("%s is not in\n%s", name, got.out)
		}
	}
	if got := (place{}).run(t, "--version"); got.status != 0 || !strings.HasPrefix(got.out, "patchbay version ") {
		t.Errorf("got %+v", got)
	}
}

func TestErrorsAreOneLineThatNoTerminalActsUpon(t *testing.T) {
	got := oneLine("a\r\n\n  b\tc\n\x1b[31mred\u202e\x00é…\n")
	if want := "a; b c; \ufffd[31mred\ufffd\ufffdé…"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

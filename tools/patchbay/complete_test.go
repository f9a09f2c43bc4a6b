package main

import (
	"strings"
	"testing"
)

// complete asks as the scripts of the shells do.
func complete(t *testing.T, p place, args ...string) []string {
	t.Helper()
	got := p.run(t, append([]string{"__complete"}, args...)...)
	if got.status != 0 {
		t.Fatalf("got %+v", got)
	}
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	return lines[:len(lines)-1] // the last says what the shell shall do
}

func TestCompletion(t *testing.T) {
	here := at(t, map[string]string{
		"app.yaml":    "connections: {main: 'postgres://u:${UNSET}@h/d', mirror: 'sqlite:a.db', other: 'sqlite:b.db'}",
		"broken.yaml": "{",
	})
	for _, c := range []struct{ args, want string }{
		{"ping app.yaml ", "main mirror other"},
		{"ping app.yaml main ", "mirror other"},
		{"ping app.yaml m", "main mirror"},
		{"ping app.yaml:mi", "app.yaml:mirror"},
		{"ping broken.yaml ", ""},
		{"ping missing.yaml ", ""},
		{"ping postgres://h/d ", ""},
		{"query app.yaml:", "app.yaml:main app.yaml:mirror app.yaml:other"},
		{"query app.yaml:main ", ""},
		{"query app.yaml:main x --format ", "table\tcolumns for reading csv\tcomma-separated values (RFC 4180) tsv\ttab-separated values (as COPY of PostgreSQL) json\tan array of objects jsonl\tan object a line"},
		{"tags ", "json yaml yml"},
		{"drivers ", ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			got := strings.Join(complete(t, here, strings.Split(c.args, " ")...), " ")
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestG3: no command that is given a URL in the wrong place prints it.
func TestG3NoSecretInWhatIsNotUnderstood(t *testing.T) {
	url := "postgres://u:" + secret + "@h/d"
	for _, args := range [][]string{
		{"completion", "bash", url},
		{"completion", url},
		{"help", url},
		{"help", "ping", url},
		{"version", url},
		{url, "ping"},
		{"__complete", "ping", url, ""},
		{"__complete", "completion", url, ""},
		{"__completeNoDesc", "query", url},
		{"tags", url},
		{"url", url, url},
		{"query", "--format", url, url},
		{"query", url, "--arg", url},
		{"query", url, "x", "--args", url},
		{"ping", "--wait", url},
	} {
		if got := (place{}).run(t, args...); got.status != 2 && args[0][0] != '_' { // run looks for the secret
			t.Errorf("%q: got %+v", args, got)
		}
	}
}

func TestThereIsAScriptForEachShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := (place{}).run(t, "completion", shell); got.status != 0 || !strings.Contains(got.out, "__complete") {
			t.Errorf("%s: got status %d and %d bytes", shell, got.status, len(got.out))
		}
	}
}

//go:build (sqlite || alldrivers) && unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestServe(t *testing.T) {
	here := at(t, map[string]string{"app.yaml": "connections: {good: 'sqlite:good.db', bad: 'sqlite:gone.db'}"})
	expect(t, here.run(t, "query", "--create", "sqlite:good.db", "create table t (a)"), ran{out: "done\n"})
	cmd := here.command("serve", "app.yaml", "--listen", "127.0.0.1:0")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	address := regexp.MustCompile(`http://\S+/`).FindString(line)
	if err != nil || address == "" {
		t.Fatalf("got %q, %v", line, err)
	}
	get := func(path string) (int, string) {
		t.Helper()
		answer, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
	if code, body := get("readyz?verbose"); code != 503 || !strings.Contains(body, "[-]bad failed: ") || !strings.Contains(body, "[+]good ok") {
		t.Errorf("readiness is %d\n%s", code, body)
	}
	if code, body := get(""); code != 200 || !strings.Contains(body, "<html") {
		t.Errorf("the page is %d\n%s", code, body)
	}
	if code, body := get("?data=json"); code != 200 || !strings.Contains(body, `"name":"good"`) {
		t.Errorf("the data are %d\n%s", code, body)
	}
	if code, _ := get("other"); code != 404 {
		t.Errorf("something else is %d", code)
	}
	if _, err := os.Stat(here.dir + "/gone.db"); err == nil {
		t.Error("a file was made")
	}
	// What was wrong is found to be right without a restart.
	expect(t, here.run(t, "query", "--create", "sqlite:gone.db", "create table t (a)"), ran{out: "done\n"})
	for start := time.Now(); ; {
		if code, body := get("readyz?verbose"); code == 200 {
			break
		} else if time.Since(start) > time.Minute {
			t.Fatalf("readiness stays\n%s", body)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	expect(t, here.run(t, "serve", "app.yaml", "--listen", "nowhere"), ran{status: 2, err: "--listen: "})
	expect(t, here.run(t, "serve", "app.yaml", "missing"), ran{status: 2, err: "app.yaml has no connection of that name: use bad, good"})
}

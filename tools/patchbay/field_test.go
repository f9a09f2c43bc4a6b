//go:build sqlite || alldrivers

package main

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestG2: reading changes nothing and makes nothing.
func TestG2ReadingChangesNothing(t *testing.T) {
	here := at(t, nil)
	expect(t, here.run(t, "query", "--create", "sqlite:prod.db?journal_mode=delete", "create table t (a); insert into t values (1)"), ran{out: "done\n"})
	sum := func() [32]byte {
		text, err := os.ReadFile(filepath.Join(here.dir, "prod.db"))
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(text)
	}
	before := sum()
	for _, args := range [][]string{
		{"sqlite:prod.db", "select 1"},
		{"prod.db", "select * from t"},
		{"prod.db", "select * from t", "--read-only"},
		{"sqlite:prod.db", "select * from t", "--tx"},
		{"sqlite:missing.db", "select 1"},
		{"missing.db", "select 1"},
		{"sqlite:missing.db", "select 1", "--read-only"},
	} {
		got := here.run(t, append([]string{"query"}, args...)...)
		if missing := strings.Contains(args[0], "missing"); missing != (got.status != 0) || missing && !strings.Contains(got.err, "--create") {
			t.Errorf("%q: got %+v", args, got)
		}
	}
	files, err := os.ReadDir(here.dir)
	if err != nil || len(files) != 1 || sum() != before {
		t.Errorf("there are %v, %v, and the file is the same: %v", files, err, sum() == before)
	}
	expect(t, here.run(t, "query", "prod.db", "delete from t", "--read-only"), ran{status: 1, err: "readonly database"})
	expect(t, here.run(t, "query", "sqlite::memory:", "create table t (a)", "--read-only"), ran{status: 1, err: "readonly database"})
	expect(t, here.run(t, "query", "--create", "new.db", "create table t (a)"), ran{out: "done\n"})
}

// TestG4: SQL from a file, from standard input, and with a comment first.
func TestG4WhereSQLComesFrom(t *testing.T) {
	here := at(t, map[string]string{"a.sql": "-- the file\ncreate table t (a);\ninsert into t values (1), (2);\nselect sum(a) as s from t;\n"})
	want := ran{out: "s\n3\n"}
	expect(t, here.run(t, "query", "sqlite::memory:", "-f", "a.sql", "--format=csv"), want)
	for _, args := range [][]string{{}, {"-f", "-"}} {
		cmd := here.command(append([]string{"query", "sqlite::memory:", "--format=csv"}, args...)...)
		cmd.Stdin = strings.NewReader("select 3 as s")
		expect(t, finish(t, cmd), want)
	}
	expect(t, here.run(t, "query", "sqlite::memory:", "-- the sum\nselect 3 as s", "--format=csv"), want)
	expect(t, here.run(t, "query", "--format=csv", "sqlite::memory:", "--x\nselect ? as s", "3"), want)
	expect(t, here.run(t, "query", "sqlite::memory:", "select ? as s", "--format=csv", "--", "--x y"), ran{out: "s\n--x y\n"})
	expect(t, here.run(t, "query", "sqlite::memory:", "create table t (a); insert into t values (1); select missing", "--tx"), ran{status: 1, err: "no such column"})
}

// TestG7: the file of a database is told from a config by how it begins.
func TestG7AFileOfSQLite(t *testing.T) {
	here := at(t, map[string]string{"empty.db": "", "app.yaml": "connections: {a: 'sqlite:x.sqlite'}", "no.db": strings.Repeat("x", 200)})
	expect(t, here.run(t, "query", "--create", "sqlite:data", "create table t (a)"), ran{out: "done\n"})
	expect(t, here.run(t, "query", "data", "select count(*) as n from t", "--format=csv"), ran{out: "n\n0\n"})
	expect(t, here.run(t, "query", "empty.db", "select 1 as n", "--format=csv"), ran{out: "n\n1\n"})
	if got := here.run(t, "ping", "data"); got.status != 0 || !strings.HasPrefix(got.out, "ok    sqlite:data  3.") {
		t.Errorf("got %+v", got)
	}
	expect(t, here.run(t, "query", "no.db", "select 1"), ran{status: 2, err: "no.db"})
}

func TestTypedArguments(t *testing.T) {
	args := []string{"query", "sqlite::memory:", "select typeof(?) a, typeof(?) b, typeof(?) c, typeof(?) d, ? -> 'k' e", "--format=tsv", "--no-header"}
	for _, arg := range []string{"int:5", "float:1", "bytes:00", "null", `json:{"k":1}`} {
		args = append(args, "--arg", arg)
	}
	expect(t, place{}.run(t, args...), ran{out: "integer\treal\tblob\tnull\t1\n"})
}

func TestURLs(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"host=db.example dbname=shop user=app password='" + secret + "' sslmode=verify-full"}, "postgres://app:[redacted]@db.example/shop?ssl=true&session.timezone=default\n"},
		{[]string{"postgres://app:Tr0ub4dor%263@db.example/shop?sslmode=require"}, "postgres://app:[redacted]@db.example/shop?ssl.rejectUnauthorized=false\n"},
		{[]string{"app:" + secret + "@tcp(db.example:3307)/shop?parseTime=true"}, "mysql://app:[redacted]@db.example:3307/shop?session.time_zone=default&loc=UTC\n"},
		{[]string{"server=db.example;user id=sa;password=" + secret + ";database=shop;encrypt=true"}, "mssql://sa:[redacted]@db.example/shop?ssl=true\n"},
		{[]string{"file:app.db?_pragma=busy_timeout(7000)"}, "sqlite:app.db?busy_timeout=7000&foreign_keys=off&journal_mode=keep&txlock=deferred\n"},
		{[]string{"--dialect=mysql", "/shop"}, "mysql://127.0.0.1:3306/shop?session.time_zone=default&loc=UTC\n"},
		{[]string{"sqlite:app.db", "--format=json"}, "{\n  \"dialect\": \"sqlite\",\n  \"filename\": \"app.db\"\n}\n"},
		{[]string{"postgres://app:x@db.example/shop?ssl=true", "--format=yaml"}, "database: shop\ndialect: postgres\nhost: db.example\npassword: '[redacted]'\nssl: true\nuser: app\n"},
	} {
		got := place{}.run(t, append([]string{"url"}, c.args...)...)
		if got.status != 0 || got.out != c.want || got.err != "" {
			t.Errorf("%q: got %+v, want %q", c.args, got, c.want)
		}
	}
	// What is revealed can be read again.
	cmd := place{}.command("url", "-", "--reveal")
	cmd.Stdin = strings.NewReader("host=db.example user=app password='p w/%&?#@' sslmode=disable\n")
	got := finish(t, cmd)
	again := place{}.run(t, "url", strings.TrimSpace(got.out), "--reveal", "--format=json")
	if got.status != 0 || !strings.Contains(again.out, `"password": "p w/%&?#@"`) {
		t.Errorf("got %+v and %+v", got, again)
	}
}

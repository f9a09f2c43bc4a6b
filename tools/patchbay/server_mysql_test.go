//go:build mysql || alldrivers

package main

import (
	"regexp"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestPingOfMariaDB(t *testing.T) {
	s := testserver.MariaDB(t)
	pings(t, s, regexp.MustCompile(`\d+\.\d+`).FindString(s.Version))
}

func TestQueryOfMariaDB(t *testing.T) {
	url := tester(t, testserver.MariaDB(t))
	const all = `select 1 as i, 1.50 as n, 'x' as t, null as nothing, '' as empty, x'00ff' as b,
		timestamp '2024-02-29 13:14:15.5' as ts, date '2024-02-29' as d, time '13:14:15' as tm, cast('{"a": 1}' as char) as j,
		18446744073709551615 as big, 1.5e0 as f`
	expect(t, place{}.run(t, "query", url, all, "--format=json"), ran{out: `[
{"i":1,"n":1.50,"t":"x","nothing":null,"empty":"","b":"\\x00ff","ts":"2024-02-29T13:14:15.5Z","d":"2024-02-29","tm":"13:14:15","j":"{\"a\": 1}","big":18446744073709551615,"f":1.5}
]
`})
	expect(t, place{}.run(t, "query", url, "select ? + ? as sum", "40", "2", "--format=csv"), ran{out: "sum\n42\n"})
	expect(t, place{}.run(t, "query", url, "set @a = 1"), ran{out: "done\n"})
	expect(t, place{}.run(t, "query", url, "select sleep(60)", "--timeout=2s"), ran{status: 124, err: "patchbay: query: not done within the --timeout of 2s; the server has stopped it\n"})
}

func TestG1StopsOnMariaDB(t *testing.T) { stops(t, testserver.MariaDB(t)) }

func TestBatchesAndTransactionsOnMariaDB(t *testing.T) {
	b := newBench(t, testserver.MariaDB(t))
	expect(t, place{}.run(t, "query", b.url, "update "+b.table+" set a = 5; select 1 as one; insert into "+b.table+" values (5)", "--tx", "--format=csv"), ran{out: "one\n1\n"})
	expect(t, place{}.run(t, "query", b.url, "set @x = 1; insert into "+b.table+" select a from "+b.table), ran{out: "2 rows affected\n"})
	expect(t, place{}.run(t, "query", b.url, "delete from "+b.table+"; select * from missing", "--tx"), ran{status: 1, err: "missing"})
	expect(t, place{}.run(t, "query", b.url, "delete from "+b.table, "--read-only"), ran{status: 1, err: "READ ONLY transaction"})
	expect(t, place{}.run(t, "query", b.url, "select ? + 1 as n, ? as t", "--args", `[41, "x"]`, "--format=jsonl"), ran{out: "{\"n\":42,\"t\":\"x\"}\n"})
	if n := b.number("select count(*) from " + b.table + " where a = 5"); n != 4 {
		t.Errorf("%d rows are left", n)
	}
}

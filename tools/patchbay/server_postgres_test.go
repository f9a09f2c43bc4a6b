//go:build postgres || alldrivers

package main

import (
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestPingOfPostgres(t *testing.T) {
	s := testserver.Postgres(t)
	pings(t, s, strings.TrimPrefix(s.Version, "PostgreSQL "))
}

func TestQueryOfPostgres(t *testing.T) {
	url := tester(t, testserver.Postgres(t))
	const all = `select 1::int2 as i, 1.50::numeric as n, 'x'::text as t, null::int as nothing, ''::text as empty, '\x00ff'::bytea as b,
		true as yes, timestamptz '2024-02-29 13:14:15.5+02' at time zone 'UTC' as ts, date '2024-02-29' as d, time '13:14:15' as tm,
		'{"a": 1}'::json as j, array[1,2] as list, 'NaN'::float8 as nan, '00112233-4455-6677-8899-aabbccddeeff'::uuid as u`
	expect(t, place{}.run(t, "query", url, all, "--format=json"), ran{out: `[
{"i":1,"n":1.50,"t":"x","nothing":null,"empty":"","b":"\\x00ff","yes":true,"ts":"2024-02-29T11:14:15.5Z","d":"2024-02-29","tm":"13:14:15","j":{"a":1},"list":"{1,2}","nan":"NaN","u":"00112233-4455-6677-8899-aabbccddeeff"}
]
`})
	expect(t, place{}.run(t, "query", url, "select $1::int + $2::int as sum", "40", "2"), ran{out: "sum\n---\n 42\n(1 row)\n"})
	expect(t, place{}.run(t, "query", url, "create temp table pb_t as select generate_series(1, 3) as i"), ran{out: "done\n"})
	expect(t, place{}.run(t, "query", url, "with gone as (select 1) update pg_temp.missing set a = 1"), ran{status: 1, err: "patchbay: query: "})
	expect(t, place{}.run(t, "query", url, "select pg_sleep(60)", "--timeout=2s"), ran{status: 124, err: "patchbay: query: not done within the --timeout of 2s; the server has stopped it\n"})
}

func TestG1StopsOnPostgres(t *testing.T) { stops(t, testserver.Postgres(t)) }

func TestWhatPostgresSaysBesideItsAnswer(t *testing.T) {
	b := newBench(t, testserver.Postgres(t))
	expect(t, place{}.run(t, "query", b.url, "select 1;\n  select nme from pg_class"), ran{
		status: 1, out: "?column?\n--------\n       1\n(1 row)\n",
		err: "patchbay: query: ERROR: column \"nme\" does not exist (SQLSTATE 42703) (undefined)\n  LINE 2:   select nme from pg_class\n                   ^\n",
	})
	got := place{}.run(t, "query", b.url, "create temp table k (a int primary key); insert into k values (1); insert into k values (1)")
	if got.status != 1 || got.out != "done\n\n1 row affected\n" || !strings.HasSuffix(got.err, "(unique)\n  DETAIL: Key (a)=(1) already exists.\n") {
		t.Errorf("got %+v", got)
	}
	got = place{}.run(t, "query", b.url, "do $$ begin raise notice 'half\nway' using hint = 'wait'; end $$; select 2", "--format=csv")
	if got.status != 0 || got.out != "?column?\n2\n" || got.err != "NOTICE: half; way\n  HINT: wait\n" {
		t.Errorf("got %+v", got)
	}
	got = place{}.run(t, "query", b.url, "select 1", "--timing")
	if got.status != 0 || !strings.HasSuffix(got.err, " ms\n") {
		t.Errorf("got %+v", got)
	}
}

// TestG4Copy: the data, or an error.
func TestG4Copy(t *testing.T) {
	b := newBench(t, testserver.Postgres(t))
	expect(t, place{}.run(t, "query", b.url, "copy (select 1, null, 'a\tb') to stdout; select 2 as two", "--format=csv"), ran{out: "1\t\\N\ta\\tb\ntwo\n2\n"})
	expect(t, place{}.run(t, "query", b.url, "copy "+b.table+" from stdin"), ran{status: 1, err: "patchbay does not send data: use psql"})
}

func TestBatchesAndTransactionsOnPostgres(t *testing.T) {
	b := newBench(t, testserver.Postgres(t))
	two := "update " + b.table + " set a = 5; delete from " + b.table + " where a = 99; with x as (select 7) insert into " + b.table + " select * from x"
	expect(t, place{}.run(t, "query", b.url, two, "--tx"), ran{out: "1 row affected\n\n0 rows affected\n\n1 row affected\n"})
	expect(t, place{}.run(t, "query", b.url, "update "+b.table+" set a = 6; commit; select 1/0", "--tx"), ran{status: 1, out: "2 rows affected\n\ndone\n", err: "division by zero"})
	expect(t, place{}.run(t, "query", b.url, "delete from "+b.table+"; select 1/0", "--tx"), ran{status: 1, out: "2 rows affected\n", err: "division by zero"})
	expect(t, place{}.run(t, "query", b.url, "commit", "--tx"), ran{status: 1, out: "done\n", err: "the SQL has ended the transaction of --tx by itself"})
	expect(t, place{}.run(t, "query", b.url, "delete from "+b.table, "--read-only"), ran{status: 1, err: "cannot execute DELETE in a read-only transaction"})
	if n := b.number("select count(*) from " + b.table + " where a = 6"); n != 2 {
		t.Errorf("%d rows are left", n)
	}
}

func TestTypedArgumentsOfPostgres(t *testing.T) {
	url := tester(t, testserver.Postgres(t))
	const types = "select pg_typeof($1) a, pg_typeof($2) b, pg_typeof($3) c, pg_typeof($4) d, pg_typeof($5) e, $6::jsonb->'k' as f, $7::text as g"
	args := []string{"query", url, types, "--format=tsv", "--no-header"}
	for _, arg := range []string{"int:5", "float:1.5", "bool:true", "bytes:00ff", "time:2026-01-02T15:04:05Z", `json:{"k":[1]}`, "null"} {
		args = append(args, "--arg", arg)
	}
	expect(t, place{}.run(t, args...), ran{out: "bigint\tdouble precision\tboolean\tbytea\ttimestamp with time zone\t[1]\t\\N\n"})
	expect(t, place{}.run(t, "query", url, "select $1 + 1 as n, $2::text as t, $3::text as u", "--args", `[41, "x", null]`, "--format=jsonl"), ran{out: "{\"n\":42,\"t\":\"x\",\"u\":null}\n"})
	expect(t, place{}.run(t, "query", url, "select $1::int; select 2", "1"), ran{status: 1, err: "cannot insert multiple commands into a prepared statement"})
}

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

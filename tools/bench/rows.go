package main

// rounds is how often each group runs. A benchmark and its baseline take turns, so that what disturbs the machine
// for a while disturbs both.
const rounds = 5

// group is one run of benchmarks of a package.
type group struct {
	pkg, benchmarks string
	flags           []string
}

var groups = []group{
	{"github.com/patchbay-go/patchbay/observer", "^BenchmarkEmitNoListener", []string{"-cpu=1"}},
	{"github.com/patchbay-go/patchbay/manager", "^(BenchmarkMapLoadBaseline|BenchmarkNamed|BenchmarkGet)$", []string{"-cpu=1,2"}},
	{"github.com/patchbay-go/patchbay/conn", "^(BenchmarkOpen|BenchmarkQuery)$", []string{"-cpu=2"}},
	{"github.com/patchbay-go/patchbay/conn", "^(BenchmarkRoundTrips|BenchmarkWarmUp)$", []string{"-cpu=2", "-benchtime=10x"}},
	{"github.com/patchbay-go/patchbay/conn", "^BenchmarkStorm$", []string{"-cpu=2", "-benchtime=1x"}},
	{"github.com/patchbay-go/patchbay/conn", "^BenchmarkRates$", []string{"-cpu=2", "-benchtime=1x"}},
	{"github.com/patchbay-go/patchbay/conn", "^BenchmarkIdle$", []string{"-cpu=2", "-benchtime=1x"}},
	{"github.com/patchbay-go/patchbay/manager", "^BenchmarkOpenNew$", []string{"-cpu=2", "-benchtime=2000x"}},
	{"github.com/patchbay-go/patchbay/tools/checks/cost", "^BenchmarkWatched$", []string{"-cpu=1"}},
	{"github.com/patchbay-go/patchbay/tools/checks/cost", "^BenchmarkWatchedHeap$", []string{"-cpu=1", "-benchtime=1x"}},
}

// row is a budget: how many times the baseline a benchmark may take.
type row struct {
	what                string
	benchmark, baseline string // without a baseline the budget is of what is measured itself
	unit                string
	budget              float64
	noise               float64 // what the ratio of two equal things varies by
	noAllocs            bool
}

const nanos = "ns/op"

var rows = []row{
	{"open + SELECT 1 + close of an SQLite file, against database/sql", "Open/patchbay-2", "Open/byhand-2", nanos, 1.05, 0, false},
	{"dials a second of 64 callers to a server that refuses", "Storm/patchbay-2", "", "dials/s", 10, 0, false},
	{"dials of 64 callers to a server that refuses, against *sql.DB", "Storm/patchbay-2", "Storm/byhand-2", "dials/s", 0.01, 0, false},
	{"milliseconds from its return to the first of them that succeeds", "Storm/patchbay-2", "", "ms-to-first", 1000, 0, false},
	{"open on PostgreSQL, against the driver's connect and SELECT 1", "RoundTrips/postgres/patchbay-2", "RoundTrips/postgres/byhand-2", "roundtrips/op", 1, 0, false},
	{"open on MariaDB, against the driver's connect and SELECT 1", "RoundTrips/mysql/patchbay-2", "RoundTrips/mysql/byhand-2", "roundtrips/op", 1, 0, false},
	{"opening 2,000 new SQLite files by name, against database/sql", "OpenNew/patchbay-2", "OpenNew/byhand-2", nanos, 1.1, 0, false},
	{"heap of an idle pool, against *sql.DB", "Idle/patchbay-2", "Idle/byhand-2", "heap-B/pool", 1.3, 0, false},
	{"goroutines of an idle pool, against *sql.DB", "Idle/patchbay-2", "Idle/byhand-2", "goroutines/pool", 1, 0, false},
	{"p99 of 1,000 reads a second from SQLite beside 16 writers, with Readers, against the reads alone", "Rates/readers-2", "Rates/alone-2", "read-p99-us", 1.5, 0, false},
	{"the slowest write to SQLite, with Readers, against one pool", "Rates/readers-2", "Rates/onepool-2", "write-max-us", 0.34, 0, false},
	{"a query through Conn, against *sql.DB", "Query/patchbay-2", "Query/byhand-2", nanos, 1, 0.05, false},
	{"allocations of a query through Conn, against *sql.DB", "Query/patchbay-2", "Query/byhand-2", "allocs/op", 1, 0, false},
	{"manager.Named of 10 names, against a sync.Map", "Named/names=10", "MapLoadBaseline/names=10", nanos, 2, 0, true},
	{"manager.Named of 10,000 names, against a sync.Map", "Named/names=10000", "MapLoadBaseline/names=10000", nanos, 2, 0, true},
	{"manager.Named of 10,000 names, against 10", "Named/names=10000", "Named/names=10", nanos, 1, 0.5, true},
	{"manager.Named on 2 cores, against 1", "Named/names=1000-2", "Named/names=1000", nanos, 0.8, 0, true},
	{"manager.Get of 10 names, against a sync.Map", "Get/names=10", "MapLoadBaseline/names=10", nanos, 3, 0, true},
	{"manager.Get of 10,000 names, against a sync.Map", "Get/names=10000", "MapLoadBaseline/names=10000", nanos, 3, 0, true},
	{"Emit with no listener, against an atomic load", "EmitNoListener", "EmitNoListenerBaseline", nanos, 1.5, 0, true},
	{"warm-up of 8 connections through 20 ms a round trip, against one", "WarmUp/eight-2", "WarmUp/one-2", nanos, 2.5, 0, false},
	{"manager.Named of 10,000 names with metrics and page, against without", "Watched/named-with", "Watched/named-without", nanos, 1, 0.25, true},
	{"a query with metrics and page, against without", "Watched/query-with", "Watched/query-without", nanos, 1, 0.1, false},
	{"heap of a name with metrics and page, against without", "WatchedHeap/with", "WatchedHeap/without", "heap-B/name", 1.8, 0, false},
}

// Package testserver gives tests real PostgreSQL, MariaDB and MySQL servers: private ones, started on loopback from
// the installed programs in a temporary folder, or those that PATCHBAY_TEST_POSTGRES_URL and
// PATCHBAY_TEST_MYSQL_URL name. PATCHBAY_TEST_POSTGRES_BIN and PATCHBAY_TEST_MYSQL_BIN name folders of programs to start in
// place of the installed ones. Tests of every package that talks to a server call it. It speaks no database
// protocol itself, needs no rights, and leaves nothing behind, however the test process ends.
//
// [Postgres] and [MariaDB] return one server for all tests of a process; [StartPostgres] and [StartMariaDB]
// one that a test may stop, restart and configure; [StartStandby] a standby of such a server, and [StartGalera] a cluster;
// [StartPgBouncer] puts a connection pooler before one. A package that uses them has
//
//	func TestMain(m *testing.M) { testserver.Main(m) }
//
// which waits until they are gone; without it they go a moment after the process.
//
// Where a server is missing the test is skipped, or fails if PATCHBAY_TEST_REQUIRE names the dialect. If
// PATCHBAY_TEST_SUMMARY names a folder, each test process writes there what it ran against; see [Report].
package testserver

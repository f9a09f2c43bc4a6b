// Package tsql answers T-SQL with SQLite, so that a scripted SQL Server has tables, transactions and constraints: it
// is the [tdstest.Backend] of tests that go through a whole suite of statements. It rewrites the few spellings in
// which T-SQL differs and leaves the rest to SQLite, whose errors it gives the numbers of SQL Server. It is no
// SQL Server: there are no stored procedures, variables and control flow, a batch stops at its first error, and of
// the isolation levels all are snapshot.
package tsql

// Package postgres opens PostgreSQL databases with github.com/jackc/pgx/v5. Import it for its side effect and
// build with -tags postgres (or alldrivers): it registers the dialect "postgres", aliases "postgresql", "pg",
// "pgx", "cockroachdb" and "yugabytedb". Without the tag the import is there but empty, and the registry says
// why. It never falls back from TLS to plaintext and, unless asked to, reads nothing from the environment.
//
// # Config
//
// Host may also be the folder of a unix socket, such as /var/run/postgresql, or the path of the socket itself,
// /var/run/postgresql/.s.PGSQL.5432; PostgreSQL has no TLS there. User is needed, unless credentials are asked
// for. An empty Database is the one named like the user. The server keeps 63 bytes of AppName. A Password must not
// have characters that SASLprep replaces (https://www.rfc-editor.org/rfc/rfc4013), such as ª by a, or drops, such as
// a zero-width space: where it is stored as scram-sha-256 PostgreSQL does that with it, and pgx does not.
//
// The password is never sent as it is over a connection that is neither encrypted nor a unix socket: a server that asks
// for it so (the method password in pg_hba.conf, auth_type=plain in PgBouncer) is refused, unless the param require_auth
// names password.
//
// A session speaks UTF-8 and has the time zone UTC, whatever the server's own, and database/sql gets every
// timestamptz as a [time.Time] in UTC. Write t.UTC() for a column of the type timestamp or date: pgx drops the offset of a
// time.Time there, so that noon at +02:00 becomes noon, and a date may be that of another day.
//
// # Session
//
// Session takes every setting that the server knows, for example work_mem=64MB, and those of extensions and of
// one's own, such as my.tenant. The server gets them with the login, each as a value, and refuses a name or a value that it
// does not know. They are listed in https://www.postgresql.org/docs/current/runtime-config.html; those most
// asked for are
//
//   - search_path: names of schemas, comma-separated;
//   - timezone: UTC, Europe/Zurich, ..., by default UTC; default: what the server, the role or the database says;
//   - role: the role to act as;
//   - statement_timeout, lock_timeout, idle_in_transaction_session_timeout: times such as 500, which is in
//     milliseconds, 5s or 1min;
//   - default_transaction_isolation and default_transaction_read_only.
//
// A connection pooler may refuse all of these but timezone: such a setting has its place at the role or the database then,
// ALTER ROLE app SET work_mem = '64MB'. client_encoding is UTF8 and cannot be another; application_name is AppName.
// The setting options is what a proxy before the server reads, such as endpoint=x.
//
// # Connection strings
//
// DSN takes what pgx and libpq take, a URL or name=value, and a URL of Patchbay may have their parameters. What
// these mean here:
//
//   - sslmode=disable is plaintext, require believes any server, require with sslrootcert and verify-ca verify all but
//     the name, verify-full verifies all, by the system's roots where there is no sslrootcert. prefer and allow, which may
//     end in plaintext, are errors; no sslmode at all is plaintext. ssl=true is verify-full, while other programs
//     read it as require.
//   - Several hosts become Hosts, each with its port; load_balance_hosts=random is HostOrder. target_session_attrs
//     is Role: read-write and primary are writer, read-only and standby reader, prefer-standby is preferReader.
//     connect_timeout=0 is no limit.
//   - options=-c name=value, and every word that is unknown here, are settings of the session.
//   - pgbouncer=true is params.default_query_exec_mode=exec, connection_limit and pool_max_conns are pool.max, schema is
//     session.search_path. role=x in a URL is an error that says to write session.role=x.
//   - What is in no connection string is not taken from the environment, the home directory or the name of the user.
//
// With a DSN that says none, the time zone is the server's own, as with pgx. Two settings that cannot both be
// true, or one that cannot be had, are errors that say what to write.
//
// # Params
//
// Settings of the driver and of the connection:
//
//	name                        values                                           default
//	channel_binding             disable, prefer, require                         prefer
//	require_auth                password, md5, gss, scram-sha-256, none,         all, password
//	                            comma-separated, or each with ! before it        only where it is
//	                                                                             encrypted or local
//	default_query_exec_mode     cache_statement, cache_describe, describe_exec,  cache_statement
//	                            exec, simple_protocol
//	statement_cache_capacity    statements                                       512
//	description_cache_capacity  statements                                       512
//	environment                 ignore, use                                      ignore
//
// channel_binding and require_auth mean what they mean in
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
//
// The name of a host goes to the dialer as it is, which may be a tunnel that knows more names than this machine.
//
// The modes of default_query_exec_mode are explained in https://pkg.go.dev/github.com/jackc/pgx/v5#QueryExecMode
//
// With environment=use, what the Config leaves out is taken from libpq's environment variables, service file
// and password file, as in https://www.postgresql.org/docs/current/libpq-envars.html
// Where TLS is nil, sslmode require, verify-ca and verify-full count; allow and prefer, which may end in
// plaintext, are plaintext. They are read for every connection. Without it a Config means the same on every machine.
//
// # Roles
//
// A writer is a server that is no standby and whose default_transaction_read_only is off. Since version 14 a login tells
// both, so that Role costs no round trip. It costs one before version 14, and with another default_query_exec_mode than
// cache_statement, because a connection pooler reports what it has heard from a server earlier.
//
// A connection of a pool whose Role is writer is closed by a write that is refused as read-only (25006), unless that was
// in a transaction, which may have been READ ONLY by itself. It is also closed before its next use once the server has
// reported that one of the two has changed.
//
// # Poolers
//
// A pooler that hands out its connections for one transaction each, as PgBouncer does with pool_mode=transaction, and knows
// nothing of prepared statements, as before PgBouncer 1.21 or without max_prepared_statements, runs a statement where
// others have prepared theirs. It fails with 42P05 or 26000. Set default_query_exec_mode to exec or cache_describe then; never
// to describe_exec, which may return the answer of another client's statement without an error. DB.Prepare prepares in
// every mode, and so fails there in every mode. What this module asks itself, such as the test of a new connection, is
// never prepared.
//
// When the server is down PgBouncer refuses for 15 s after each try (server_login_retry), and the retries of opening end
// after about 7 s unless Retry says more.
//
// # Connections that break
//
// A connection that a firewall or a dead server has dropped fails after 150 s: idle by keep-alive, and with a statement on its
// way, on Linux, by TCP_USER_TIMEOUT, in place of about 16 minutes. That also ends a connection whose server takes no data
// for as long, in the middle of a COPY for example. A dialer given by conn.WithDialer replaces both; a context with a
// deadline is sooner.
//
// A statement whose context ends is canceled on the server, by a request on a further connection through the same dialer.
//
// # Schemas that change
//
// When DDL changes what a statement returns, each connection that has prepared it before fails with "cached plan must not
// change result type" (0A000) once, and prepares it anew the next time. With default_query_exec_mode=exec it does not.
//
// # Other modules
//
// This package registers nothing with database/sql; pgx registers the names "pgx/v5" and, unless another version has it
// already, "pgx". A program may import lib/pq as well. Only a second copy of pgx v5 under another module path, or a version
// before it that takes "pgx" without asking, can panic at the start: "Register called twice". Import pgx v5 in its place.
//
// # Errors
//
// An error of a login is that of pgx without its [github.com/jackc/pgx/v5/pgconn.ConnectError], which holds the
// whole config with the password; errors.As finds the *pgconn.PgError of the server and the errors of the
// network and of TLS in it.
package postgres

import "github.com/patchbay-go/patchbay/registry"

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own. In a program that was built
// without the tag it is [registry.Absent].
func Driver() registry.Driver { return linked() }

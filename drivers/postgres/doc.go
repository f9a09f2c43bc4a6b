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
// A session speaks UTF-8 and has the time zone UTC, whatever the server's own, and database/sql gets every
// timestamptz as a [time.Time] in UTC.
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
//   - Further hosts become params.fallback_hosts. connect_timeout=0 is no limit.
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
//	fallback_hosts              further hosts, comma-separated, each with or     none
//	                            without :port, tried in order
//	target_session_attrs        any, read-write, read-only, primary, standby,    any
//	                            prefer-standby: which of the hosts is good enough
//	channel_binding             disable, prefer, require                         prefer
//	require_auth                password, md5, gss, scram-sha-256, none,         all
//	                            comma-separated, or each with ! before it
//	default_query_exec_mode     cache_statement, cache_describe, describe_exec,  cache_statement
//	                            exec, simple_protocol
//	statement_cache_capacity    statements                                       512
//	description_cache_capacity  statements                                       512
//	environment                 ignore, use                                      ignore
//
// target_session_attrs, channel_binding and require_auth mean what they mean in
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
// With the first of them every address that the name of a host resolves to is tried. Without, the name goes to
// the dialer as it is, which may be a tunnel that knows more names than this machine. A certificate is verified
// against the name of its own host.
//
// Behind a connection pooler that hands out connections for a transaction and knows nothing of prepared
// statements, set default_query_exec_mode to exec. The modes are explained in
// https://pkg.go.dev/github.com/jackc/pgx/v5#QueryExecMode
//
// With environment=use, what the Config leaves out is taken from libpq's environment variables, service file
// and password file, as in https://www.postgresql.org/docs/current/libpq-envars.html
// Where TLS is nil, sslmode require, verify-ca and verify-full count; allow and prefer, which may end in
// plaintext, are plaintext. Without it a Config means the same on every machine.
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
func Driver() registry.Driver { return linked }

//go:build postgres || alldrivers

package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-go/patchbay/registry"
)

// state is an SQLSTATE in one of its uses.
type state struct {
	code string // with "FATAL " before it only where it ends the connection; two characters are a whole class
	says string // part of the message, where the code does not tell enough
	kind registry.Kind
	hint string // empty: what is usual for the kind
}

func (s *state) matches(err *pgconn.PgError) bool {
	severity := err.SeverityUnlocalized // poolers, and servers before 9.6, send only the other one
	if severity == "" {
		severity = err.Severity
	}
	code, fatal := strings.CutPrefix(s.code, "FATAL ")
	return strings.HasPrefix(err.Code, code) && (!fatal || severity == "FATAL") && strings.Contains(err.Message, s.says)
}

// states is in the order in which the rows are asked. The comment above a row names the page that explains it:
//
//	codes     https://www.postgresql.org/docs/current/errcodes-appendix.html
//	auth      https://www.postgresql.org/docs/current/client-authentication-problems.html
//	hba       https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
//	cert      https://www.postgresql.org/docs/current/auth-cert.html
//	role      https://www.postgresql.org/docs/current/sql-createrole.html
//	grant     https://www.postgresql.org/docs/current/ddl-priv.html
//	database  https://www.postgresql.org/docs/current/sql-createdatabase.html
//	limits    https://www.postgresql.org/docs/current/runtime-config-connection.html
//	senders   https://www.postgresql.org/docs/current/runtime-config-replication.html
//	shutdown  https://www.postgresql.org/docs/current/server-shutdown.html
//	client    https://www.postgresql.org/docs/current/runtime-config-client.html
//	standby   https://www.postgresql.org/docs/current/hot-standby.html
//	bouncer   https://www.pgbouncer.org/config.html
//
// The messages are those of a server whose lc_messages is English; for another language the row of the code
// alone is what is left.
var states = []state{
	// auth
	{"28P01", "", registry.KindAuth, "verify user and password: PostgreSQL says the same of a role that does not exist, that has no password, or whose password has expired"},
	// hba
	{"28000", "no encryption", registry.KindAuth, tlsRequired},
	{"28000", "SSL off", registry.KindAuth, tlsRequired},
	{"28000", "pg_hba.conf", registry.KindAuth, "the server's pg_hba.conf does not let this user, database and address in: have a line added"},
	// cert
	{"28000", "client certificate", registry.KindAuth, "the server asks for a client certificate that it trusts: set ssl.cert and ssl.key"},
	{"28000", "ertificate authentication failed", registry.KindAuth, "the common name of the client certificate is not the user: set user to it, or another ssl.cert"},
	// role
	{"28000", "is not permitted to log in", registry.KindAuth, "the role is locked: unlock it with ALTER ROLE ... LOGIN, or use another"},
	{"28000", "does not exist", registry.KindAuth, "the role does not exist: check user, or create it"},
	// auth
	{"28000", "eer authentication failed", registry.KindAuth, "the socket takes only the role that is named like this process's user: connect by host name with a password, or as that role"},
	{"28", "", registry.KindAuth, ""},
	// grant
	{"FATAL 42501", "", registry.KindAuth, "the role may not connect to this database: GRANT CONNECT ON DATABASE ... TO ..."},
	{"42501", "", registry.KindAuth, "the role lacks a right that the statement needs: GRANT it"},
	// database
	{"3D000", "", registry.KindNoDatabase, "create the database, or check its name"},
	{"FATAL 55000", "", registry.KindNoDatabase, "the database takes no connections: ALTER DATABASE ... ALLOW_CONNECTIONS true, or use another"},
	{"57P04", "", registry.KindNoDatabase, "the database has been dropped"},
	// role
	{"53300", "for role", registry.KindTooMany, "the role has used up its CONNECTION LIMIT: lower pool.max, or raise it with ALTER ROLE"},
	// database
	{"53300", "for database", registry.KindTooMany, "the database has used up its CONNECTION LIMIT: lower pool.max, or raise it with ALTER DATABASE"},
	// limits
	{"53300", "reserved for", registry.KindTooMany, "only the slots for administrators are left: lower pool.max, close what is not used, or raise max_connections"},
	// senders
	{"53300", "max_wal_senders", registry.KindTooMany, "the server has no slot for replication left: raise max_wal_senders"},
	// limits
	{"53300", "", registry.KindTooMany, "the server has no slot left: lower pool.max, close what is not used, or raise max_connections"},
	// codes
	{"53100", "", registry.KindTooMany, "the server's disk is full"},
	{"53200", "", registry.KindTooMany, "the server is out of memory"},
	{"53", "", registry.KindTooMany, ""},
	// shutdown
	{"57P03", "starting up", registry.KindStarting, "the server is starting: wait until it is ready"},
	{"57P03", "shutting down", registry.KindStarting, "the server is shutting down: wait until it has been started again"},
	{"57P03", "", registry.KindStarting, ""},
	{"57P02", "", registry.KindStarting, "another process of the server crashed, and it recovers: wait until it is ready"},
	{"FATAL 57P01", "", registry.KindLost, "an administrator ended the connection, or the server is shutting down"},
	{"57P01", "", registry.KindStarting, ""},
	// client
	{"57P05", "", registry.KindLost, "the connection was idle for longer than idle_session_timeout: lower pool.maxIdleTime"},
	{"25P03", "", registry.KindLost, "a transaction was idle for longer than idle_in_transaction_session_timeout: end transactions sooner"},
	{"25P04", "", registry.KindLost, "a transaction took longer than transaction_timeout: end transactions sooner"},
	{"57014", "user request", registry.KindCanceled, "the statement was canceled"},
	{"57014", "", registry.KindTimeout, "the statement took longer than statement_timeout: make it faster, or raise params.statement_timeout"},
	{"55P03", "", registry.KindBusy, "another transaction holds the lock: wait for it, or raise params.lock_timeout"},
	// standby
	{"25006", "", registry.KindReadOnly, "the server is a standby, or the transaction read-only: connect to the primary server, with params.target_session_attrs=read-write where several hosts are possible"},
	// client
	{"FATAL 42704", "", registry.KindConfig, "the server does not know a setting in params, which may be too new for it: leave it out"},
	{"FATAL 22023", "", registry.KindConfig, "the server does not take the value of a setting in params: correct it"},
	{"FATAL 0A000", "", registry.KindConfig, "the server does not speak version 3 of the protocol: update it"},
	// bouncer
	{"FATAL 08P01", "unsupported startup parameter", registry.KindConfig, "the connection pooler takes no such setting from clients: leave it out of params and set it with ALTER ROLE, or add it to ignore_startup_parameters"},
	{"FATAL 08P01", "no more connections allowed", registry.KindTooMany, "the connection pooler has reached max_client_conn: lower pool.max, or raise it"},
	{"FATAL 08P01", "client connections exceeded", registry.KindTooMany, "the connection pooler has no connection left for this user or database: lower pool.max, or raise its limit"},
	{"FATAL 08P01", "query_wait_timeout", registry.KindTooMany, "the connection pooler had no server connection in time: lower pool.max, or raise its pool size"},
	{"FATAL 08P01", "no such user", registry.KindAuth, "the connection pooler does not know the user"},
	{"FATAL 08P01", "no such database", registry.KindNoDatabase, "the connection pooler does not know the database"},
	{"FATAL 08P01", "SSL required", registry.KindAuth, tlsRequired},
	// codes
	{"FATAL 08P01", "", registry.KindConfig, "the server did not understand the driver: check that host and port are those of PostgreSQL"},
	{"08P01", "", registry.KindUnknown, ""}, // a statement with too few arguments, among others
	{"08", "", registry.KindLost, ""},
	{"58030", "", registry.KindIO, ""},
	{"XX001", "", registry.KindCorrupt, "the server found a damaged file: see its log, and restore it from a backup"},
	{"XX002", "", registry.KindCorrupt, "the server found a damaged index: REINDEX"},
}

const tlsRequired = "the server wants the connection encrypted, or has no line for this user, database and address in pg_hba.conf: set ssl=true, or have a line added"

// refused are the states that say no to one statement: waiting does not change the answer.
var refused = []string{"57014", "55P03"}

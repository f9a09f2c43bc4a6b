package postgres

import (
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// codes is in the order in which the rows are asked. The comment above a row names the page that explains it:
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
//	pgpool    https://www.pgpool.net/docs/latest/en/html/client-authentication.html
//
// The messages are those of a server whose lc_messages is English; for another language the row of the code
// alone is what is left.
var codes = []network.Code{
	// auth
	{Codes: "28P01", Kind: registry.KindAuth, Hint: "verify user and password: PostgreSQL says the same of a role that does not exist, that has no password, or whose password has expired"},
	// hba
	{Codes: "28000", Text: "no encryption", Kind: registry.KindAuth, Hint: tlsRequired},
	{Codes: "28000", Text: "SSL off", Kind: registry.KindAuth, Hint: tlsRequired},
	{Codes: "28000", Text: "pg_hba.conf", Kind: registry.KindAuth, Hint: "the server's pg_hba.conf does not let this user, database and address in: have a line added"},
	// cert
	{Codes: "28000", Text: "client certificate", Kind: registry.KindAuth, Hint: "the server asks for a client certificate that it trusts: set ssl.cert and ssl.key"},
	{Codes: "28000", Text: "ertificate authentication failed", Kind: registry.KindAuth, Hint: "the common name of the client certificate is not the user: set user to it, or another ssl.cert"},
	// role
	{Codes: "28000", Text: "is not permitted to log in", Kind: registry.KindAuth, Hint: "the role is locked: unlock it with ALTER ROLE ... LOGIN, or use another"},
	{Codes: "28000", Text: "does not exist", Kind: registry.KindAuth, Hint: "the role does not exist: check user, or create it"},
	// auth
	{Codes: "28000", Text: "eer authentication failed", Kind: registry.KindAuth, Hint: "the socket takes only the role that is named like this process's user: connect by host name with a password, or as that role"},
	{Codes: "28*", Kind: registry.KindAuth},
	// grant
	{Codes: "42501", Fatal: true, Kind: registry.KindAuth, Hint: "the role may not connect to this database: GRANT CONNECT ON DATABASE ... TO ..."},
	{Codes: "42501", Kind: registry.KindDenied, Hint: "the role lacks a right that the statement needs: GRANT it"},
	// database
	{Codes: "3D000", Kind: registry.KindNoDatabase, Hint: "create the database, or check its name"},
	{Codes: "55000", Fatal: true, Kind: registry.KindNoDatabase, Hint: "the database takes no connections: ALTER DATABASE ... ALLOW_CONNECTIONS true, or use another"},
	{Codes: "57P04", Kind: registry.KindNoDatabase, Hint: "the database has been dropped"},
	// limits
	{Codes: "53300", Text: "reserved for", Kind: registry.KindTooMany, Hint: "only the slots for administrators are left: lower pool.max, close what is not used, or raise max_connections"},
	// role
	{Codes: "53300", Text: "for role", Kind: registry.KindTooMany, Hint: "the role has used up its CONNECTION LIMIT: lower pool.max, or raise it with ALTER ROLE"},
	// database
	{Codes: "53300", Text: "for database", Kind: registry.KindTooMany, Hint: "the database has used up its CONNECTION LIMIT: lower pool.max, or raise it with ALTER DATABASE"},
	// senders
	{Codes: "53300", Text: "max_wal_senders", Kind: registry.KindTooMany, Hint: "the server has no slot for replication left: raise max_wal_senders"},
	// limits
	{Codes: "53300", Kind: registry.KindTooMany, Hint: "the server has no slot left: lower pool.max, close what is not used, or raise max_connections"},
	// codes
	{Codes: "53100", Kind: registry.KindTooMany, Hint: "the server's disk is full"},
	{Codes: "53200", Kind: registry.KindTooMany, Hint: "the server is out of memory"},
	{Codes: "53*", Kind: registry.KindTooMany},
	// shutdown
	{Codes: "57P03", Text: "starting up", Kind: registry.KindStarting, Hint: "the server is starting: wait until the server is ready"},
	{Codes: "57P03", Text: "shutting down", Kind: registry.KindStarting, Hint: "the server is shutting down: wait until it has been started again"},
	{Codes: "57P03", Kind: registry.KindStarting},
	{Codes: "57P02", Kind: registry.KindStarting, Hint: "another process of the server crashed, and it recovers: wait until it is ready"},
	{Codes: "57P01", Fatal: true, Kind: registry.KindLost, Hint: "an administrator ended the connection, or the server is shutting down"},
	{Codes: "57P01", Kind: registry.KindStarting},
	// client
	{Codes: "57P05", Kind: registry.KindLost, Hint: "the connection was idle for longer than idle_session_timeout: lower pool.maxIdleTime"},
	{Codes: "25P03", Kind: registry.KindLost, Hint: "a transaction was idle for longer than idle_in_transaction_session_timeout: end transactions sooner"},
	{Codes: "25P04", Kind: registry.KindLost, Hint: "a transaction took longer than transaction_timeout: end transactions sooner"},
	{Codes: "57014", Text: "user request", Kind: registry.KindCanceled, Permanent: true, Hint: "the statement was canceled"},
	{Codes: "57014", Kind: registry.KindTimeout, Permanent: true, Hint: "the statement took longer than statement_timeout: make it faster, or raise session.statement_timeout"},
	{Codes: "55006", Kind: registry.KindBusy, Hint: "other sessions use the object, such as the template of a new database: wait until they are done"},
	{Codes: "55P03", Kind: registry.KindBusy, Permanent: true, Hint: "another transaction holds the lock: wait for it, or raise session.lock_timeout"},
	// standby
	{Codes: "25006", Kind: registry.KindReadOnly, Hint: "the server is a standby, or the transaction read-only: connect to the primary server, with role=writer where several hosts are possible"},
	// client
	{Codes: "42704", Fatal: true, Kind: registry.KindConfig, Hint: "the server does not know a setting in session, or it is too new for it: correct or leave it out"},
	{Codes: "22023", Fatal: true, Kind: registry.KindConfig, Hint: "the server does not take the value of a setting in session: correct it"},
	{Codes: "55P02", Fatal: true, Kind: registry.KindConfig, Hint: "a setting in session is none that a session can have: leave it out, and set it in the server's configuration"},
	// standby
	{Codes: "0A000", Text: "serializable mode in a hot standby", Kind: registry.KindConfig, Hint: "a standby has no serializable transactions: set session.default_transaction_isolation to repeatable read, or connect to the primary server"},
	// codes
	{Codes: "0A000", Fatal: true, Kind: registry.KindConfig, Hint: "the server does not speak version 3 of the protocol: update it"},
	// bouncer
	{Codes: "08P01", Text: "unsupported startup parameter", Fatal: true, Kind: registry.KindConfig, Hint: "the connection pooler takes no such setting from clients: leave it out of session and set it with ALTER ROLE, or add it to ignore_startup_parameters"},
	{Codes: "08P01", Text: "no more connections allowed", Fatal: true, Kind: registry.KindTooMany, Hint: "the connection pooler has reached max_client_conn: lower pool.max, or raise it"},
	{Codes: "08P01", Text: "client connections exceeded", Fatal: true, Kind: registry.KindTooMany, Hint: "the connection pooler has no connection left for this user or database: lower pool.max, or raise its limit"},
	{Codes: "08P01", Text: "query_wait_timeout", Fatal: true, Kind: registry.KindTooMany, Hint: "the connection pooler had no server connection in time: lower pool.max, or raise its pool size"},
	{Codes: "08P01", Text: "server login has been failing", Fatal: true, Kind: registry.KindStarting, Hint: "the connection pooler cannot log in to the server, and tries again every server_login_retry (15 s): see the pooler's log"},
	{Codes: "08P01", Text: "client_login_timeout", Fatal: true, Kind: registry.KindStarting, Hint: "the connection pooler had no server to log in to in time: see its log"},
	{Codes: "08P01", Text: "the database system is", Fatal: true, Kind: registry.KindStarting, Hint: "the server behind the connection pooler takes no logins: wait until it has started"},
	{Codes: "08P01", Text: "shutting down", Fatal: true, Kind: registry.KindStarting, Hint: "the connection pooler is shutting down: wait until it has been started again"},
	{Codes: "08P01", Text: "query timeout", Fatal: true, Kind: registry.KindTimeout, Permanent: true, Hint: "the statement took longer than the connection pooler's query_timeout: make it faster, or raise that"},
	{Codes: "08P01", Text: "client_idle_timeout", Fatal: true, Kind: registry.KindLost, Hint: "the connection was idle for longer than the pooler's client_idle_timeout: lower pool.maxIdleTime"},
	{Codes: "08P01", Text: "server conn crashed", Fatal: true, Kind: registry.KindLost, Hint: "the connection pooler lost its connection to the server"},
	{Codes: "08P01", Text: "no such user", Fatal: true, Kind: registry.KindAuth, Hint: "the connection pooler does not know the user"},
	{Codes: "08P01", Text: "no such database", Fatal: true, Kind: registry.KindNoDatabase, Hint: "the connection pooler does not know the database"},
	{Codes: "08P01", Text: "is disabled", Fatal: true, Kind: registry.KindNoDatabase, Hint: "the database is disabled in the connection pooler: ENABLE it there"},
	{Codes: "08P01", Text: "SSL required", Fatal: true, Kind: registry.KindAuth, Hint: tlsRequired},
	{Codes: "08P01", Text: "TLS connection required", Fatal: true, Kind: registry.KindAuth, Hint: tlsRequired},
	{Codes: "08P01", Text: "TLS client certificate required", Fatal: true, Kind: registry.KindAuth, Hint: "the connection pooler asks for a client certificate that it trusts: set ssl.cert and ssl.key"},
	{Codes: "08P01", Text: "login rejected", Fatal: true, Kind: registry.KindAuth, Hint: "the connection pooler does not let this user, database and address in: have a line added to its hba file"},
	{Codes: "08P01", Text: "authentication failed", Fatal: true, Kind: registry.KindAuth, Hint: pooledLogin},
	{Codes: "08P01", Fatal: true, Kind: registry.KindLost, Hint: "the server, or a connection pooler before it, ended the connection: see its log"},
	// pgpool
	{Codes: "XX000", Text: "authentication failed", Kind: registry.KindAuth, Hint: pooledLogin},
	// codes
	{Codes: "42P05 26000", Kind: registry.KindConfig, Hint: "a connection pooler runs the statement on a connection where others have prepared theirs: set params.default_query_exec_mode=exec (or cache_describe)"},
	{Codes: "08P01"}, // a statement with too few arguments, among others
	{Codes: "08*", Kind: registry.KindLost},
	{Codes: "58030", Kind: registry.KindIO},
	{Codes: "XX001", Kind: registry.KindCorrupt, Hint: "the server found a damaged file: see its log, and restore it from a backup"},
	{Codes: "XX002", Kind: registry.KindCorrupt, Hint: "the server found a damaged index: REINDEX"},
	// codes; what statements end in
	{Codes: "23505", Kind: registry.KindUnique},
	{Codes: "23P01", Kind: registry.KindUnique, Hint: "another row excludes this one: change that row, or choose other values"},
	{Codes: "23503 23001", Kind: registry.KindForeignKey},
	{Codes: "2BP01 2B000", Kind: registry.KindForeignKey, Hint: "other objects depend on it: drop them first, or write CASCADE"},
	{Codes: "23502", Kind: registry.KindNotNull},
	{Codes: "23514 44000", Kind: registry.KindCheck},
	{Codes: "40001 40P01", Kind: registry.KindConflict},
	{Codes: "40003", Kind: registry.KindLost, Hint: "the outcome of the statement is not known: look whether it took effect"}, // of CockroachDB, https://www.cockroachlabs.com/docs/stable/common-errors
	{Codes: failedTx, Hint: "an earlier statement of the transaction failed, and the server has given all of it up: return that statement's error, and roll back"},
	{Codes: "42P04 42P06 42P07 42710 42701 42723 42P03", Kind: registry.KindExists},
	{Codes: "42P01 42703 42883 3F000 42704 42P02 34000 3B001", Kind: registry.KindUndefined, Hint: "the table, column, function or other object does not exist: check its name and search_path"},
	{Codes: "42*", Kind: registry.KindSyntax}, // of one class with the two rows before it and 42501: columns and aliases that are ambiguous or there twice, types that do not fit
	{Codes: "22*", Kind: registry.KindValue},
}

// failedTx is the code of every statement in a transaction after one that failed, and what read gives to a COMMIT that
// the server answers with ROLLBACK for the same reason. https://www.postgresql.org/docs/current/sql-commit.html
const failedTx = "25P02"

const pooledLogin = "verify user and password, and what the connection pooler knows of both"

const tlsRequired = "the server wants the connection encrypted, or has no line for this user, database and address in pg_hba.conf: set ssl=true, or have a line added"

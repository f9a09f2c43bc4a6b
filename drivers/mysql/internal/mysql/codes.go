package mysql

import (
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// codes is in the order in which the rows are asked. Beside each row is the name of the error, which is its
// anchor in MySQL's reference and what to look for in MariaDB's; from 3000 on the two have numbers of their own.
//
//	https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html#error_er_access_denied_error
//	https://mariadb.com/kb/en/mariadb-error-code-reference/
var codes = []network.Code{
	{Codes: "1045", Kind: registry.KindAuth, Hint: "verify user and password; an account that requires TLS (ssl=true) or a client certificate (ssl.cert, ssl.key) is refused in the same words"},      // ER_ACCESS_DENIED_ERROR
	{Codes: "1698", Kind: registry.KindAuth, Hint: "the account logs in without a password, through a unix socket and as the user of the same name, or not at all: use another"},                      // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
	{Codes: "3118 4151", Kind: registry.KindAuth, Hint: "the account is locked: ALTER USER ... ACCOUNT UNLOCK"},                                                                                       // ER_ACCOUNT_HAS_BEEN_LOCKED (MySQL, MariaDB)
	{Codes: "4150", Kind: registry.KindAuth, Hint: "the account is blocked after too many wrong passwords: FLUSH PRIVILEGES or ALTER USER unblocks it"},                                               // ER_USER_IS_BLOCKED (MariaDB)
	{Codes: "3955", Kind: registry.KindAuth, Hint: "the account is blocked after too many wrong passwords: ALTER USER ... ACCOUNT UNLOCK"},                                                            // ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK (MySQL)
	{Codes: "1820 1862", Kind: registry.KindAuth, Hint: "the password has expired: ALTER USER ... IDENTIFIED BY a new one"},                                                                           // ER_MUST_CHANGE_PASSWORD, ER_MUST_CHANGE_PASSWORD_LOGIN
	{Codes: "1130", Kind: registry.KindAuth, Hint: "the server has no account for connections from this host: CREATE USER ...@'host'"},                                                                // ER_HOST_NOT_PRIVILEGED
	{Codes: "1251 1524", Kind: registry.KindAuth, Hint: "the account uses a method of authentication that the server or this driver does not have: have it changed"},                                  // ER_NOT_SUPPORTED_AUTH_MODE, ER_PLUGIN_IS_NOT_LOADED
	{Codes: "1142 1143 1227 1370", Kind: registry.KindAuth, Hint: "the account lacks a right that the statement needs: GRANT it"},                                                                     // ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR, ER_PROCACCESS_DENIED_ERROR
	{Codes: "3159", Kind: registry.KindTLS, Hint: "the server takes encrypted connections only: set ssl=true"},                                                                                        // ER_SECURE_TRANSPORT_REQUIRED (MySQL)
	{Codes: "1049", Kind: registry.KindNoDatabase, Hint: "create the database, or check its name"},                                                                                                    // ER_BAD_DB_ERROR
	{Codes: "1044", Kind: registry.KindNoDatabase, Hint: "the database does not exist, or the account has no right to it: GRANT one, or check the name"},                                              // ER_DBACCESS_DENIED_ERROR
	{Codes: "1040", Kind: registry.KindTooMany, Hint: "the server has no connection left: lower pool.max, close what is not used, or raise max_connections"},                                          // ER_CON_COUNT_ERROR
	{Codes: "1203", Kind: registry.KindTooMany, Hint: "the account has reached max_user_connections: lower pool.max, or raise it"},                                                                    // ER_TOO_MANY_USER_CONNECTIONS
	{Codes: "1226", Text: "max_user_connections", Kind: registry.KindTooMany, Hint: "the account has reached max_user_connections: lower pool.max, or raise it"},                                      // ER_USER_LIMIT_REACHED
	{Codes: "1226", Kind: registry.KindTooMany, Permanent: true, Hint: "the account has used up its quota for this hour: wait, or raise it with ALTER USER ... WITH MAX_CONNECTIONS_PER_HOUR"},        // ER_USER_LIMIT_REACHED
	{Codes: "1041 1135", Kind: registry.KindTooMany, Hint: "the server is out of memory or threads"},                                                                                                  // ER_OUT_OF_RESOURCES, ER_CANT_CREATE_THREAD
	{Codes: "1129", Kind: registry.KindBlocked, Hint: "the server blocks this host after max_connect_errors failed handshakes: FLUSH HOSTS unblocks it; then look for what does not log in properly"}, // ER_HOST_IS_BLOCKED
	{Codes: "1053", Kind: registry.KindStarting, Hint: "the server is shutting down: wait until it has been started again"},                                                                           // ER_SERVER_SHUTDOWN
	{Codes: "1047", Text: "WSREP", Kind: registry.KindStarting, Hint: "the node of the cluster is not ready: wait, or connect to another"},                                                            // ER_UNKNOWN_COM_ERROR (Galera)
	{Codes: "3032", Kind: registry.KindStarting, Hint: "the server is in offline mode"},                                                                                                               // ER_SERVER_OFFLINE_MODE
	{Codes: "3168", Kind: registry.KindStarting, Hint: "the server is not ready yet"},                                                                                                                 // ER_SERVER_ISNT_AVAILABLE (MySQL)
	{Codes: "1927", Kind: registry.KindLost, Hint: "an administrator ended the connection with KILL"},                                                                                                 // ER_CONNECTION_KILLED
	{Codes: "4031", Text: "inactivity", Kind: registry.KindLost, Hint: "the connection was idle for longer than wait_timeout: lower pool.maxIdleTime"},                                                // ER_CLIENT_INTERACTION_TIMEOUT (MySQL)
	{Codes: "1158 1159 1160 1161 1184", Kind: registry.KindLost},                                                                                                                                      // ER_NET_READ_ERROR, ER_NET_READ_INTERRUPTED, ER_NET_ERROR_ON_WRITE, ER_NET_WRITE_INTERRUPTED, ER_NEW_ABORTING_CONNECTION
	{Codes: "1290", Text: "read", Kind: registry.KindReadOnly, Hint: "the server is read-only: connect to the primary server"},                                                                        // ER_OPTION_PREVENTS_STATEMENT
	{Codes: "1792", Kind: registry.KindReadOnly, Hint: "the transaction is read-only: begin it for writing"},                                                                                          // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
	{Codes: "1836", Kind: registry.KindReadOnly, Hint: "the server is read-only: connect to the primary server"},                                                                                      // ER_READ_ONLY_MODE
	{Codes: "3989", Kind: registry.KindReadOnly, Hint: "the database is read-only: ALTER DATABASE ... READ ONLY = 0"},                                                                                 // ER_SCHEMA_READ_ONLY (MySQL)
	{Codes: "1205", Kind: registry.KindBusy, Permanent: true, Hint: "another transaction holds the lock: wait for it, or raise params.innodb_lock_wait_timeout"},                                      // ER_LOCK_WAIT_TIMEOUT
	{Codes: "3572", Kind: registry.KindBusy, Permanent: true, Hint: "another transaction holds the lock, and the statement is not to wait (NOWAIT): run it again later"},                              // ER_LOCK_NOWAIT (MySQL)
	{Codes: "1969 3024", Kind: registry.KindTimeout, Permanent: true, Hint: "the statement took longer than the server allows"},                                                                       // ER_STATEMENT_TIMEOUT (MariaDB), ER_QUERY_TIMEOUT (MySQL)
	{Codes: "1317", Kind: registry.KindCanceled, Hint: "the statement was ended with KILL QUERY"},                                                                                                     // ER_QUERY_INTERRUPTED
	{Codes: "1115 1273", Kind: registry.KindConfig, Hint: "the server does not know utf8mb4, or the collation in params"},                                                                             // ER_UNKNOWN_CHARACTER_SET, ER_UNKNOWN_COLLATION
	{Codes: "1298", Kind: registry.KindConfig, Hint: "the server does not know the time zone: load its tables with mysql_tzinfo_to_sql, or write an offset"},                                          // ER_UNKNOWN_TIME_ZONE
	{Codes: "1193 1231", Kind: registry.KindConfig, Hint: "the server does not take a setting in params: leave it out or correct it"},                                                                 // ER_UNKNOWN_SYSTEM_VARIABLE, ER_WRONG_VALUE_FOR_VAR
	{Codes: "1235", Kind: registry.KindConfig, Hint: "the server does not have what is asked of it: check its version"},                                                                               // ER_NOT_SUPPORTED_YET
	{Codes: "1043", Kind: registry.KindConfig, Hint: "the server does not take this login: check host and port, and what stands in between"},                                                          // ER_HANDSHAKE_ERROR
	{Codes: "1153", Kind: registry.KindUnknown, Hint: "a statement or value is longer than the server takes: raise max_allowed_packet there, or send less"},                                           // ER_NET_PACKET_TOO_LARGE
	{Codes: "1021", Kind: registry.KindIO, Hint: "the server's disk is full"},                                                                                                                         // ER_DISK_FULL
}

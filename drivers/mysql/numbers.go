//go:build mysql || alldrivers

package mysql

import "github.com/patchbay-go/patchbay/registry"

// numbers is in the order in which the rows are asked. Beside each row is the name of the error, which is its
// anchor in MySQL's reference and what to look for in MariaDB's; from 3000 on the two have numbers of their own.
//
//	https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html#error_er_access_denied_error
//	https://mariadb.com/kb/en/mariadb-error-code-reference/
var numbers = []struct {
	numbers []uint16
	says    string // part of the message, where the number does not tell enough
	kind    registry.Kind
	final   bool   // not to be tried again, although the kind is one that is
	hint    string // empty: what is usual for the kind
}{
	{[]uint16{1045}, "", registry.KindAuth, false, "verify user and password; an account that requires TLS (ssl=true) or a client certificate (ssl.cert, ssl.key) is refused in the same words"},      // ER_ACCESS_DENIED_ERROR
	{[]uint16{1698}, "", registry.KindAuth, false, "the account logs in without a password, through a unix socket and as the user of the same name, or not at all: use another"},                      // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
	{[]uint16{3118, 4151}, "", registry.KindAuth, false, "the account is locked: ALTER USER ... ACCOUNT UNLOCK"},                                                                                      // ER_ACCOUNT_HAS_BEEN_LOCKED (MySQL, MariaDB)
	{[]uint16{4150}, "", registry.KindAuth, false, "the account is blocked after too many wrong passwords: FLUSH PRIVILEGES or ALTER USER unblocks it"},                                               // ER_USER_IS_BLOCKED (MariaDB)
	{[]uint16{3955}, "", registry.KindAuth, false, "the account is blocked after too many wrong passwords: ALTER USER ... ACCOUNT UNLOCK"},                                                            // ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK (MySQL)
	{[]uint16{1820, 1862}, "", registry.KindAuth, false, "the password has expired: ALTER USER ... IDENTIFIED BY a new one"},                                                                          // ER_MUST_CHANGE_PASSWORD, ER_MUST_CHANGE_PASSWORD_LOGIN
	{[]uint16{1130}, "", registry.KindAuth, false, "the server has no account for connections from this host: CREATE USER ...@'host'"},                                                                // ER_HOST_NOT_PRIVILEGED
	{[]uint16{1251, 1524}, "", registry.KindAuth, false, "the account uses a method of authentication that the server or this driver does not have: have it changed"},                                 // ER_NOT_SUPPORTED_AUTH_MODE, ER_PLUGIN_IS_NOT_LOADED
	{[]uint16{1142, 1143, 1227, 1370}, "", registry.KindAuth, false, "the account lacks a right that the statement needs: GRANT it"},                                                                  // ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR, ER_PROCACCESS_DENIED_ERROR
	{[]uint16{3159}, "", registry.KindTLS, false, "the server takes encrypted connections only: set ssl=true"},                                                                                        // ER_SECURE_TRANSPORT_REQUIRED (MySQL)
	{[]uint16{1049}, "", registry.KindNoDatabase, false, "create the database, or check its name"},                                                                                                    // ER_BAD_DB_ERROR
	{[]uint16{1044}, "", registry.KindNoDatabase, false, "the database does not exist, or the account has no right to it: GRANT one, or check the name"},                                              // ER_DBACCESS_DENIED_ERROR
	{[]uint16{1040}, "", registry.KindTooMany, false, "the server has no connection left: lower pool.max, close what is not used, or raise max_connections"},                                          // ER_CON_COUNT_ERROR
	{[]uint16{1203}, "", registry.KindTooMany, false, "the account has reached max_user_connections: lower pool.max, or raise it"},                                                                    // ER_TOO_MANY_USER_CONNECTIONS
	{[]uint16{1226}, "max_user_connections", registry.KindTooMany, false, "the account has reached max_user_connections: lower pool.max, or raise it"},                                                // ER_USER_LIMIT_REACHED
	{[]uint16{1226}, "", registry.KindTooMany, true, "the account has used up its quota for this hour: wait, or raise it with ALTER USER ... WITH MAX_CONNECTIONS_PER_HOUR"},                          // ER_USER_LIMIT_REACHED
	{[]uint16{1041, 1135}, "", registry.KindTooMany, false, "the server is out of memory or threads"},                                                                                                 // ER_OUT_OF_RESOURCES, ER_CANT_CREATE_THREAD
	{[]uint16{1129}, "", registry.KindBlocked, false, "the server blocks this host after max_connect_errors failed handshakes: FLUSH HOSTS unblocks it; then look for what does not log in properly"}, // ER_HOST_IS_BLOCKED
	{[]uint16{1053}, "", registry.KindStarting, false, "the server is shutting down: wait until it has been started again"},                                                                           // ER_SERVER_SHUTDOWN
	{[]uint16{1047}, "WSREP", registry.KindStarting, false, "the node of the cluster is not ready: wait, or connect to another"},                                                                      // ER_UNKNOWN_COM_ERROR (Galera)
	{[]uint16{3032}, "", registry.KindStarting, false, "the server is in offline mode"},                                                                                                               // ER_SERVER_OFFLINE_MODE
	{[]uint16{3168}, "", registry.KindStarting, false, "the server is not ready yet"},                                                                                                                 // ER_SERVER_ISNT_AVAILABLE (MySQL)
	{[]uint16{1927}, "", registry.KindLost, false, "an administrator ended the connection with KILL"},                                                                                                 // ER_CONNECTION_KILLED
	{[]uint16{4031}, "inactivity", registry.KindLost, false, "the connection was idle for longer than wait_timeout: lower pool.maxIdleTime"},                                                          // ER_CLIENT_INTERACTION_TIMEOUT (MySQL)
	{[]uint16{1158, 1159, 1160, 1161, 1184}, "", registry.KindLost, false, ""},                                                                                                                        // ER_NET_READ_ERROR, ER_NET_READ_INTERRUPTED, ER_NET_ERROR_ON_WRITE, ER_NET_WRITE_INTERRUPTED, ER_NEW_ABORTING_CONNECTION
	{[]uint16{1290}, "read", registry.KindReadOnly, false, "the server is read-only: connect to the primary server"},                                                                                  // ER_OPTION_PREVENTS_STATEMENT
	{[]uint16{1792}, "", registry.KindReadOnly, false, "the transaction is read-only: begin it for writing"},                                                                                          // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
	{[]uint16{1836}, "", registry.KindReadOnly, false, "the server is read-only: connect to the primary server"},                                                                                      // ER_READ_ONLY_MODE
	{[]uint16{1205}, "", registry.KindBusy, true, "another transaction holds the lock: wait for it, or raise params.innodb_lock_wait_timeout"},                                                        // ER_LOCK_WAIT_TIMEOUT
	{[]uint16{1969, 3024}, "", registry.KindTimeout, true, "the statement took longer than the server allows"},                                                                                        // ER_STATEMENT_TIMEOUT (MariaDB), ER_QUERY_TIMEOUT (MySQL)
	{[]uint16{1317}, "", registry.KindCanceled, false, "the statement was ended with KILL QUERY"},                                                                                                    // ER_QUERY_INTERRUPTED
	{[]uint16{1115, 1273}, "", registry.KindConfig, false, "the server does not know utf8mb4, or the collation in params"},                                                                            // ER_UNKNOWN_CHARACTER_SET, ER_UNKNOWN_COLLATION
	{[]uint16{1298}, "", registry.KindConfig, false, "the server does not know the time zone: load its tables with mysql_tzinfo_to_sql, or write an offset"},                                          // ER_UNKNOWN_TIME_ZONE
	{[]uint16{1193, 1231}, "", registry.KindConfig, false, "the server does not take a setting in params: leave it out or correct it"},                                                                // ER_UNKNOWN_SYSTEM_VARIABLE, ER_WRONG_VALUE_FOR_VAR
	{[]uint16{1021}, "", registry.KindIO, false, "the server's disk is full"},                                                                                                                         // ER_DISK_FULL
}

// Package mssql opens SQL Server and Azure SQL databases with github.com/microsoft/go-mssqldb. Import it for its
// side effect and build with -tags mssql (or alldrivers): it registers the dialect "mssql", aliases "sqlserver" and
// "azuresql". Without the tag the import is there but empty, and the registry says why. It never falls back from
// TLS to plaintext, reads nothing from the environment, and never tries a login twice.
//
// # Config
//
// User and Password are a login of SQL Server. A user with a backslash, DOMAIN\name, is a Windows account, which logs
// in with NTLM; Params has more ways. All three of user, password and database can have 128 characters, and none
// beyond U+FFFF. An empty Database is the default one of the login. AppName is cut after 128 characters. Statements
// have parameters like @p1 or, with [sql.Named], @name.
//
// TLS is that of the server: SQL Server takes no client certificates. Without ssl the password goes over the network as
// readable as clear text, because a login only swaps and flips its bits, and so does everything else. It is different only
// where the server insists on encryption, as Azure does: then all is encrypted, and the certificate verified against
// the system's roots.
//
// What has no time zone in the database, datetime2 for example, is read as a [time.Time] in UTC; a datetimeoffset keeps
// its offset. A time.Time is sent with its offset, which the server drops for a column that has none: write
// t.UTC() there. NULL for a varbinary is []byte(nil): the server does not take an untyped one, which goes as text.
//
// Give contexts that may end to the statements of a transaction rather than to BeginTx: when that one ends, the
// transaction is rolled back, and the next statement on its connection may fail as lost, because the driver does not
// wait for the answer: https://github.com/microsoft/go-mssqldb/issues/390
//
// # Sessions
//
// SQL Server keeps the isolation level of a transaction, by [sql.TxOptions], on the connection, also when a pool resets the
// session. Nobody inherits it here: when the connection is taken from the pool again, the level is set back to read
// committed. That costs a round trip then, and nothing where no level was set. The same is done after a statement
// without parameters that has the words ISOLATION LEVEL in it.
//
// When the context of a statement ends, the server is told to stop it, and has up to five seconds to confirm that. Without
// the confirmation the statement comes back that late, as canceled, and its connection is closed. A connection on which a
// deadline has passed is closed in any case.
//
// A connection is looked at when it is taken from the pool. If the server has closed it, as in a restart or by KILL, the
// statement goes over another one. On Windows, and over a dialer whose connections have no file descriptor, that cannot be
// seen: there the first statement on such a connection fails, as lost.
//
// A connection that a firewall or a dead server has dropped fails after 150 s: idle by keep-alive, and with a statement on its
// way, on Linux, by TCP_USER_TIMEOUT, in place of about 16 minutes. That also ends a connection whose server takes no data
// for as long, in the middle of a bulk copy for example. A dialer given by conn.WithDialer replaces both; a context with a
// deadline is sooner.
//
// # Other packages
//
// The driver registers "sqlserver" and "mssql" with database/sql, and a program that has another package which does that
// panics at its start: "sql: Register called twice". Import github.com/microsoft/go-mssqldb in place of its ancestor
// github.com/denisenkom/go-mssqldb; it is the driver that is used here.
//
// # Params
//
// Which server:
//
//	name                 values                                       default
//	instance             name of an instance, such as SQLEXPRESS      the default instance
//	multiSubnetFailover  true, false: dial all addresses of the       false
//	                     host at once, as a listener of an
//	                     availability group in several subnets wants
//
// For an instance without a Port the SQL Server Browser of the host is asked, at UDP port 1434; with a Port it is not. A
// dialer of one's own gets the network "udp" then.
//
// The connection:
//
//	name                 values                                       default
//	strict               true, false: encrypt from the first byte     false
//	                     on (TDS 8.0), which SQL Server 2022 can;
//	                     needs TLS
//	authentication       password                                     password
//	                     token: the Password, or what credentials
//	                     give for it, is an access token of
//	                     Microsoft Entra ID; needs TLS, and no User
//	                     windows: the account that the program runs
//	                     as; on Windows only
//	packetSize           512 to 32767 bytes                           4096
//	workstationId        name of the client                           the host name
//	guidConversion       true, false: read uniqueidentifier as        false
//	                     bytes in the order in which it is written,
//	                     as uuid packages want; false suits
//	                     mssql.UniqueIdentifier
//	timezone             the zone of what has none in the database:   UTC
//	                     UTC, Europe/Zurich, ...
//
// What they mean in detail is in
// https://learn.microsoft.com/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring
//
// # Session
//
// Session takes these settings, in upper or lower case; ON and OFF may be written true and false:
//
//	name                       values
//	LANGUAGE                   us_english, Deutsch, ... : of messages and of dates as text
//	DATEFIRST                  1 to 7
//	DATEFORMAT                 mdy, dmy, ymd, ydm, myd, dym
//	LOCK_TIMEOUT               milliseconds; 0: not at all, -1: for ever
//	DEADLOCK_PRIORITY          LOW, NORMAL, HIGH, or one of -10, -9, -8, -7, -6, -5, -4, -3, -2, -1,
//	                           0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
//	ANSI_NULLS                 ON, OFF
//	ANSI_NULL_DFLT_ON          ON, OFF
//	ANSI_NULL_DFLT_OFF         ON, OFF
//	ANSI_PADDING               ON, OFF
//	ANSI_WARNINGS              ON, OFF
//	ARITHABORT                 ON, OFF
//	ARITHIGNORE                ON, OFF
//	CONCAT_NULL_YIELDS_NULL    ON, OFF
//	CONTEXT_INFO               at most 128 bytes, as 0xCAFE
//	CURSOR_CLOSE_ON_COMMIT     ON, OFF
//	FORCEPLAN                  ON, OFF
//	NOCOUNT                    ON, OFF; with ON no statement tells how many rows it changed
//	NUMERIC_ROUNDABORT         ON, OFF
//	QUERY_GOVERNOR_COST_LIMIT  seconds; 0: none
//	QUOTED_IDENTIFIER          ON, OFF
//	REMOTE_PROC_TRANSACTIONS   ON, OFF
//	ROWCOUNT                   rows; 0: all
//	TEXTSIZE                   bytes; -1: all
//	XACT_ABORT                 ON, OFF: roll back at every error
//
// They are set by a statement after the login, and again whenever a connection is taken from the pool, because the server
// resets it then: that is a round trip more each time. What they mean is in
// https://learn.microsoft.com/sql/t-sql/statements/set-statements-transact-sql
//
// # Roles
//
// A writer is a server whose database is READ_WRITE by DATABASEPROPERTYEX(DB_NAME(), 'Updateability'), a reader one whose
// database is READ_ONLY; asking costs one round trip. With a Role of reader or preferReader the login says
// ApplicationIntent=ReadOnly, so that the listener of an availability group sends it on to a replica for reading; a Database is needed then.
// SQL Server itself ends the connections to a database that changes its role.
//
// # Connection strings
//
// DSN takes what go-mssqldb opens: a sqlserver:// URL, the form of ADO.NET, and that of ODBC behind odbc:, or with
// driver={...} in it. Their words are understood in Params and in the parameters of a URL as well, in any case, with
// blanks or without; a field that is set wins. What cannot be promised here is an error that says what to write.
//
// Without encrypt nothing is encrypted. encrypt=true verifies the certificate, unless TrustServerCertificate is true;
// encrypt=false, which encrypts the login alone, is an error.
//
// ApplicationIntent=ReadOnly is Role preferReader, since a server without such a replica passes over it. A failover
// partner is the second of Hosts, and the name of an instance is then that of both.
//
// The path of a URL is an instance where there is a parameter database, and else the database in mssql://host/name. In
// sqlserver://host/name, which is an instance to go-mssqldb, it is an error; in a DSN it is the instance.
package mssql

import "github.com/patchbay-go/patchbay/registry"

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own. In a program that was built
// without the tag it is [registry.Absent].
func Driver() registry.Driver { return linked() }

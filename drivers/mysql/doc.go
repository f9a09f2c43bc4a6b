// Package mysql opens MySQL and MariaDB databases with github.com/go-sql-driver/mysql. Import it for its side
// effect and build with -tags mysql (or alldrivers): it registers the dialect "mysql", aliases "mariadb", "tidb"
// and "vitess". Without the tag the import is there but empty, and the registry says why. It never falls back
// from TLS to plaintext, and nothing of a Config is put into a statement as it is.
//
// # Config
//
// Host may also be the path of a unix socket, such as /run/mysqld/mysqld.sock; TLS over one needs a ServerName.
// AppName is the connection attribute program_name, where a comma becomes a space.
//
// Without TLS, an account of the plugin caching_sha2_password or sha256_password, which are those of MySQL 8,
// sends its password encrypted with a key that the server has just sent unproven: any machine in between can
// read it. Use TLS, or a unix socket.
//
// A session speaks utf8mb4 and has the time zone UTC, whatever the server's own. Both are set by one statement
// after the login. DATE, DATETIME and TIMESTAMP are [time.Time] in that zone.
//
// A DATE is written in the session's zone as well: midnight in Zurich is the day before in UTC. Write dates from
// times that are in the session's zone already, such as time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC). A fraction of a
// second that a column has no room for is rounded by MySQL and cut off by MariaDB.
//
// # Contexts
//
// When the context of a statement ends, the connection is closed, and the server is told to end what it was doing, as it
// would otherwise go on, and commit. That takes one further connection beyond Pool.Max, for a moment and not on the
// caller's path; statements that end by themselves cost nothing. It is done only where that connection proves to be to the
// same server, not a stranger behind the same balancer. MySQL gives the proof. MariaDB does with
// performance_schema=ON; without, the proof is the port that the client connects from, which a proxy or a translation of
// addresses changes. What could not be stopped is an event of observer.Error with the source "driver".
//
// A connection that a firewall or a dead server has dropped fails after 150 s: idle by keep-alive, and with a statement on its
// way, on Linux, by TCP_USER_TIMEOUT, in place of about 16 minutes. That also ends a connection whose server takes no data
// for as long. A dialer given by conn.WithDialer replaces both; a context with a deadline is sooner.
//
// # Session
//
// Session takes every variable that a session can set, for example max_execution_time=5000, each as a value that is
// quoted so that no sql_mode reads it in another way; default leaves one as the server has it. They are set by the same
// statement, and a name or a value that the server does not know is an error of the login. They are listed in
// https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html; those most asked for are
//
//   - time_zone: UTC, which is the default, +02:00, or a name that the server and this machine know: Europe/Zurich. With
//     default, the zone is the server's own, and params.loc says how times are read then;
//   - collation: one of utf8mb4, such as utf8mb4_bin;
//   - sql_mode: modes, comma-separated;
//   - transaction_isolation and transaction_read_only, by whatever name the version of the server has, in a further statement;
//   - wait_timeout, lock_wait_timeout, innodb_lock_wait_timeout: seconds.
//
// The character set is utf8mb4 and cannot be another.
//
// # Connection strings
//
// DSN takes what go-sql-driver takes, user:password@tcp(host:3306)/database?name=value. It, and a URL of Patchbay, may
// have the driver's parameters and those of other clients. What these mean here:
//
//   - tls=true, ssl-mode=VERIFY_IDENTITY and sslaccept=strict verify the server; ssl-mode=VERIFY_CA with ssl-ca all but the
//     name; tls=skip-verify and ssl-mode=REQUIRED believe any server; tls=false, DISABLED and no word at all are plaintext.
//     preferred, which may end in plaintext, and the name of a registered config are errors.
//   - A DSN leaves the session the server's own time zone, and times are read as loc says, or as UTC, as the driver has
//     it: session.time_zone=default with params.loc. In a URL loc does the same.
//   - parseTime=true and charset=utf8mb4 or utf8 are always so; parseTime=false and other character sets are errors. A DSN
//     that says neither yields [time.Time] where the driver yields bytes.
//   - socket and unix_socket are the host, connection_limit is pool.max, timeout and connect_timeout are connectTimeout.
//   - rejectReadOnly=true is Role writer. What it does by itself is to hide the error of the write behind [driver.ErrBadConn].
//   - Words that are unknown here are variables of the session. Their values may be in quotes; an expression is an error.
//
// Two settings that cannot both be true, or one that cannot be had, are errors that say what to write.
//
// # Params
//
// Settings of the driver, explained in https://github.com/go-sql-driver/mysql#parameters
//
//	name                     values                                      default
//	loc                      UTC, Local, Europe/Zurich, +02:00, ...: the  that of the
//	                         zone that times are read in and sent in      session
//	readTimeout              duration, such as 30s, for each read        none
//	writeTimeout             duration, for each write                    none
//	maxAllowedPacket         bytes; 0: ask the server at each login      67108864
//	interpolateParams        true, false                                 false
//	clientFoundRows          true, false                                 false
//	multiStatements          true, false                                 false
//	columnsWithAlias         true, false                                 false
//	compress                 true, false                                 false
//	allowCleartextPasswords  true, false: send the password as it is,    false
//	                         for PAM, LDAP and cloud tokens; needs TLS
//	                         or a unix socket
//
// multiStatements lets a mistake in building a statement run a second one: leave it off.
//
// # Roles
//
// A reader is a server with read_only, super_read_only or innodb_read_only (Amazon Aurora) on; a node of a Galera cluster
// whose wsrep_ready is off is neither reader nor writer. Asking costs one round trip. A connection of a pool whose Role is writer
// is closed by a write that the server refuses as read-only (1290, 1836), or that a node without
// its cluster refuses (1047), where the driver can see the answer: not under TLS, nor with compress. There, and for a READ
// ONLY transaction (1792), which is as often one of the program's, the pool asks at its next check, and at once when
// a transaction of InTx fails so or Conn.Diagnose gets such an error. The role is that of the server: an account that may write all the same, with READ_ONLY
// ADMIN, finds no writer either.
//
// # Errors
//
// errors.As finds the *mysql.MySQLError of the server in an error, and the errors of the network and of TLS. Why
// a connection is invalid the driver tells its log only; an error of a login has it added, and nothing is
// printed. Where an answer to a login has the driver panic, the server does not speak the MySQL protocol; the error has a
// method Stack() []byte.
//
// # Other modules
//
// A program may use github.com/go-sql-driver/mysql itself as well: it is linked once. One that also imports a fork of
// it that registers the name "mysql" with package database/sql panics at its start: leave one of the two out.
package mysql

import "github.com/patchbay-go/patchbay/registry"

func init() { registry.Register(Driver()) }

// Driver returns the driver that this package registers, for a Registry of one's own. In a program that was built
// without the tag it is [registry.Absent].
func Driver() registry.Driver { return linked() }

package mssql

import (
	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// codes is in the order in which the rows are asked. The comment above a row names the page that lists it:
//
//	0      https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-0-to-999
//	1000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-1000-to-1999
//	2000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-2000-to-2999
//	3000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-3000-to-3999
//	4000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-4000-to-4999
//	8000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-8000-to-8999
//	5000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-5000-to-5999
//	9000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-9000-to-9999
//	13000  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-13000-to-13999
//	15000  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-15000-to-15999
//	16000  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-16000-to-17999
//	18000  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-18000-to-18999
//	31000  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-31000-to-41399
//	41400  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-41400-to-49999
//	azure  https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
//	vnet   https://learn.microsoft.com/azure/azure-sql/database/vnet-service-endpoint-rule-overview
//	access https://learn.microsoft.com/azure/azure-sql/database/connectivity-settings
var codes = []network.Code{
	// 0; with 4060 after it
	{Codes: "954", Kind: registry.KindStarting, Hint: "the database is a mirror here: name it and its partner as hosts"},
	// 4000
	{Codes: "4060", Kind: registry.KindNoDatabase, Hint: "the database does not exist, or the login has no user in it: check its name, or CREATE USER ... FOR LOGIN ..."},
	{Codes: "4064", Kind: registry.KindNoDatabase, Hint: "the default database of the login cannot be opened: set database, or ALTER LOGIN ... WITH DEFAULT_DATABASE"},
	// 0
	{Codes: "911", Kind: registry.KindNoDatabase, Hint: "create the database, or check its name"},
	{Codes: "942", Kind: registry.KindNoDatabase, Hint: "the database is offline: ALTER DATABASE ... SET ONLINE"},
	{Codes: "913 921 922 941 952", Kind: registry.KindStarting, Hint: "the database is being recovered: wait until it is ready"},
	{Codes: "927", Kind: registry.KindStarting, Hint: "the database is being restored: wait until it is ready"},
	{Codes: "955 956 988", Kind: registry.KindStarting, Hint: "the servers of the database are not in agreement yet: wait, or have their connections checked"},
	{Codes: "976 979", Kind: registry.KindStarting, Hint: "the replica takes no queries: connect to the listener of the availability group"},
	{Codes: "978", Kind: registry.KindStarting, Hint: "the replica is for reading: set role=reader, or connect to the listener of the availability group"},
	{Codes: "982", Kind: registry.KindStarting, Hint: "no replica for reading is online: wait, or leave out role"},
	{Codes: "983", Kind: registry.KindStarting, Hint: "the replica is changing its role: wait, or connect to the listener of the availability group"},
	{Codes: "615", Kind: registry.KindStarting, Hint: "the database has been detached or moved: wait until it is there again"},
	{Codes: "923", Kind: registry.KindAuth, Hint: "the database is open to its owner and to administrators only: ALTER DATABASE ... SET MULTI_USER"},
	{Codes: "924", Kind: registry.KindBusy, Hint: "the database takes a single user, and another one is in it: ALTER DATABASE ... SET MULTI_USER"},
	{Codes: "926", Kind: registry.KindCorrupt, Hint: "the database is suspect: see the server's log, and restore it from a backup if it is damaged"},
	{Codes: "945", Kind: registry.KindIO, Hint: "files of the database cannot be read, or disk or memory are short: see the server's log"},
	// 18000
	{Codes: "18487", Kind: registry.KindAuth, Hint: "the password has expired: ALTER LOGIN ... WITH PASSWORD = ... OLD_PASSWORD = ..."},
	{Codes: "18488", Kind: registry.KindAuth, Hint: "the password must be changed before its first use: ALTER LOGIN ... WITH PASSWORD = ... OLD_PASSWORD = ..."},
	{Codes: "18486", Kind: registry.KindAuth, Hint: "the account is locked after too many wrong passwords: ALTER LOGIN ... WITH PASSWORD = ... UNLOCK"},
	{Codes: "18470", Kind: registry.KindAuth, Hint: "the account is disabled: ALTER LOGIN ... ENABLE"},
	{Codes: "18452", Kind: registry.KindAuth, Hint: `the server does not trust the Windows domain of the account: set user to DOMAIN\name of one that it trusts, or use a login of SQL Server`},
	{Codes: "18401", Kind: registry.KindStarting, Hint: "the server is upgrading its databases: wait until it is ready"},
	{Codes: "18451 18461", Kind: registry.KindStarting, Hint: "only an administrator may connect, because the server is being started, stopped or maintained: wait until it is ready"},
	{Codes: "18458 18459 18460", Kind: registry.KindTooMany, Hint: "the server has no licence left for another connection: lower pool.max, or close what is not used"},
	// 16000
	{Codes: "17892", Kind: registry.KindAuth, Hint: "a logon trigger of the server refuses the login: see the server's log for what it wants"},
	{Codes: "17835", Kind: registry.KindTLS, Hint: "the server takes encrypted connections only: set ssl=true"},
	{Codes: "17142 17813", Kind: registry.KindStarting, Hint: "the server is paused or stopping: wait until it has been started again"},
	{Codes: "17809", Kind: registry.KindTooMany, Hint: "the server has no connection left: lower pool.max, close what is not used, or raise the option \"user connections\""},
	{Codes: "17810", Kind: registry.KindTooMany, Hint: "somebody else has the connection for administrators"},
	{Codes: "17803", Kind: registry.KindTooMany, Hint: "the server is out of memory"},
	{Codes: "17828 17832 17836", Kind: registry.KindConfig, Hint: "the server did not understand the driver: check what is in between, such as a proxy"},
	// azure
	{Codes: "40615", Kind: registry.KindBlocked, Hint: "the firewall of the Azure server does not let this address in: add a rule for it"},
	{Codes: "40531 40532", Kind: registry.KindConfig, Hint: "the Azure gateway does not know the server: check host, and write user as name@server where host is not its own name"},
	{Codes: "40607", Kind: registry.KindAuth, Hint: "Azure SQL Database takes no Windows logins: use a login of SQL Server, or a token"},
	{Codes: "40613", Kind: registry.KindStarting, Hint: "the database is failing over, resuming or moving: wait until it is available"},
	{Codes: "40197 40143 40166 40540", Kind: registry.KindStarting, Hint: "the service is failing over: wait until it is available"},
	{Codes: "4221", Kind: registry.KindStarting, Hint: "the replica waits for transactions of the primary server: wait until it is ready"},
	{Codes: "10928 10936", Kind: registry.KindTooMany, Hint: "the database or its elastic pool has reached its limit of sessions or workers: lower pool.max, or scale it up"},
	{Codes: "10929 40501 49918 49919 49920", Kind: registry.KindTooMany, Hint: "the service is too busy: try again after some seconds, or scale the database up"},
	{Codes: "40549 40550 40551 40552 40553", Kind: registry.KindTooMany, Permanent: true, Hint: "Azure ended the session because a transaction used too much time, log, memory, tempdb or locks: make it smaller"},
	{Codes: "40544", Kind: registry.KindIO, Hint: "the database has reached its size quota: delete something, or scale it up"},
	// vnet
	{Codes: "40914", Kind: registry.KindBlocked, Hint: "the firewall of the Azure server does not let this virtual network in: add a rule for its subnet"},
	// access
	{Codes: "47073", Kind: registry.KindBlocked, Hint: "the Azure server takes no connections from the public network: use its private endpoint"},
	// 0
	{Codes: "596", Kind: registry.KindLost, Hint: "an administrator ended the connection with KILL, or the server shut down"},
	{Codes: "701 802", Kind: registry.KindTooMany, Hint: "the server is out of memory"},
	{Codes: "823", Kind: registry.KindIO, Hint: "the server cannot read or write its files: see its log"},
	{Codes: "824", Kind: registry.KindCorrupt, Hint: "the server found a damaged page: see its log, and restore the database from a backup"},
	{Codes: "229 230 262 297 300 916", Kind: registry.KindDenied, Hint: "the login lacks a right that the statement needs, or has no user in the database: GRANT it, or CREATE USER"},
	// 1000
	{Codes: "1101 1105", Kind: registry.KindIO, Hint: "the database is full: free space, or add a file"},
	{Codes: "1205", Kind: registry.KindConflict, Hint: "the transaction was chosen as the victim of a deadlock: begin it again"},
	{Codes: "1222", Kind: registry.KindBusy, Permanent: true, Hint: "another transaction holds the lock: wait for it, or raise session.LOCK_TIMEOUT"},
	// 2000
	{Codes: "2740", Kind: registry.KindConfig, Hint: "the server does not know the language in session.LANGUAGE: see sys.syslanguages"},
	// 3000
	{Codes: "3906", Kind: registry.KindReadOnly, Hint: "the database is read-only, or a replica for reading: connect to the primary server, or ALTER DATABASE ... SET READ_WRITE"},
	{Codes: "3948 3957 3966", Kind: registry.KindConflict, Hint: "the server could not keep the versions of rows that the transaction reads: begin it again"},
	{Codes: "3960 3961", Kind: registry.KindConflict, Hint: "another transaction changed the same rows, or the table: begin the snapshot transaction again"},
	// 4000
	{Codes: "4014", Kind: registry.KindLost},
	// 8000
	{Codes: "8645 8651", Kind: registry.KindTooMany, Hint: "the server has no memory for the statement: wait, or make it smaller"},
	// 9000
	{Codes: "9002", Kind: registry.KindIO, Hint: "the transaction log is full: back it up, or let it grow"},
	// 31000
	{Codes: "41301 41302 41305 41325 41339", Kind: registry.KindConflict, Hint: "another transaction on memory-optimized tables got in between: begin it again"},
	// 41400
	{Codes: "41839", Kind: registry.KindConflict, Hint: "too many other transactions on memory-optimized tables got in between: begin it again"},
	// what statements end in
	// 0
	{Codes: "547", Text: "CHECK constraint", Kind: registry.KindCheck},
	{Codes: "547", Kind: registry.KindForeignKey},
	{Codes: "513 550", Kind: registry.KindCheck},
	{Codes: "233 515", Kind: registry.KindNotNull},
	{Codes: "219", Kind: registry.KindExists},
	{Codes: "195 207 208 218 243 261 307 308", Kind: registry.KindUndefined, Hint: undefined},
	{Codes: "101 102 103 104 105 107 109 110 111 113 116 119 120 121 128 134 137 142 144 145 147 156 174 189 201 203 205 206 209 213 216 256 257 260 264 319 325 336", Kind: registry.KindSyntax},
	{Codes: "149 151 168 190 210 220 232 235 236 241 242 244 245 248 293 294 295 296 298 511 517 535 536 537", Kind: registry.KindValue},
	// 1000
	{Codes: "1505", Kind: registry.KindUnique, Hint: "rows have the same key already, so that it cannot be made unique: change or delete them"},
	{Codes: "1779 1781 1801 1902 1913 1927", Kind: registry.KindExists},
	{Codes: "1088 1911", Kind: registry.KindUndefined, Hint: undefined},
	{Codes: "1007", Kind: registry.KindValue},
	{Codes: "1011 1012 1013 1018 1035 1087", Kind: registry.KindSyntax},
	// 2000
	{Codes: "2601 2627", Kind: registry.KindUnique},
	{Codes: "2628 2629", Kind: registry.KindValue, Hint: "a text is too long for its column: shorten it"},
	{Codes: "2705 2714", Kind: registry.KindExists},
	{Codes: "2706 2715 2727 2760 2812", Kind: registry.KindUndefined, Hint: undefined},
	// 3000
	{Codes: "3701 3728 3733", Kind: registry.KindUndefined, Hint: "what is to be dropped does not exist, or the login may not drop it: check its name, or write IF EXISTS"},
	{Codes: "3702", Kind: registry.KindBusy, Permanent: true, Hint: "the database is in use, also by this connection: USE master, and end the others"},
	{Codes: "3725 3726", Kind: registry.KindForeignKey, Hint: "the table is still referred to: drop that constraint first"},
	{Codes: "3951", Kind: registry.KindConfig, Hint: "a transaction cannot become a snapshot transaction: choose the level before it begins"},
	{Codes: "3952", Kind: registry.KindConfig, Hint: "the database does not allow snapshot isolation: ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON"},
	// 4000
	{Codes: "4104 4121 4701 4902 4917 4924", Kind: registry.KindUndefined, Hint: undefined},
	{Codes: "4145", Kind: registry.KindSyntax},
	{Codes: "4712", Kind: registry.KindForeignKey, Hint: "the table is still referred to: delete its rows, or drop that constraint first"},
	// 5000
	{Codes: "5011", Kind: registry.KindDenied, Hint: "the login may not change the database, or the database does not exist: GRANT ALTER, or check its name"},
	// 8000
	{Codes: "8114 8115 8134 8152 8169 8170", Kind: registry.KindValue},
	{Codes: "8118 8119 8120 8121 8126 8127 8144 8145 8146", Kind: registry.KindSyntax},
	// 13000
	{Codes: "13609", Kind: registry.KindValue, Hint: "a text is not JSON: correct it"},
	// 15000
	{Codes: "15023 15025", Kind: registry.KindExists},
	{Codes: "15151", Kind: registry.KindUndefined, Hint: undefined},
	{Codes: "15247", Kind: registry.KindDenied},
	// 18000
	{Codes: "18456", Kind: registry.KindAuth, Hint: "verify user and password; a server that takes Windows accounts only refuses others in the same words"},
	// any other after which the server closes the connection
	{Codes: "*", Fatal: true, Kind: registry.KindLost},
}

const undefined = "the table, column, function or other object does not exist, or the login may not see it: check its name and schema"

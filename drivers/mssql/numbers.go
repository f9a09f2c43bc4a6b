//go:build mssql || alldrivers

package mssql

import "github.com/patchbay-go/patchbay/registry"

// numbers is in the order in which the rows are asked. The comment above a row names the page that lists it:
//
//	0      https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-0-to-999
//	1000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-1000-to-1999
//	2000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-2000-to-2999
//	3000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-3000-to-3999
//	4000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-4000-to-4999
//	8000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-8000-to-8999
//	9000   https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-9000-to-9999
//	16000  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-16000-to-17999
//	18000  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-18000-to-18999
//	31000  https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors-31000-to-41399
//	azure  https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
//	vnet   https://learn.microsoft.com/azure/azure-sql/database/vnet-service-endpoint-rule-overview
//	access https://learn.microsoft.com/azure/azure-sql/database/connectivity-settings
var numbers = []struct {
	numbers []int32
	kind    registry.Kind
	final   bool   // not to be tried again, although the kind is one that is
	hint    string // empty: what is usual for the kind
}{
	// 4000
	{[]int32{4060}, registry.KindNoDatabase, false, "the database does not exist, or the login has no user in it: check its name, or CREATE USER ... FOR LOGIN ..."},
	{[]int32{4064}, registry.KindNoDatabase, false, "the default database of the login cannot be opened: set database, or ALTER LOGIN ... WITH DEFAULT_DATABASE"},
	// 0
	{[]int32{911}, registry.KindNoDatabase, false, "create the database, or check its name"},
	{[]int32{942}, registry.KindNoDatabase, false, "the database is offline: ALTER DATABASE ... SET ONLINE"},
	{[]int32{921, 922, 952}, registry.KindStarting, false, "the database is being recovered: wait until it is ready"},
	{[]int32{927}, registry.KindStarting, false, "the database is being restored: wait until it is ready"},
	{[]int32{954}, registry.KindStarting, false, "the database is a mirror here: connect to its partner, or set params.failoverPartner to it"},
	{[]int32{955, 956, 988}, registry.KindStarting, false, "the servers of the database are not in agreement yet: wait, or have their connections checked"},
	{[]int32{976, 979}, registry.KindStarting, false, "the replica takes no queries: connect to the listener of the availability group"},
	{[]int32{978}, registry.KindStarting, false, "the replica is for reading: set params.applicationIntent=ReadOnly, or connect to the listener of the availability group"},
	{[]int32{982}, registry.KindStarting, false, "no replica for reading is online: wait, or leave out params.applicationIntent"},
	{[]int32{983}, registry.KindStarting, false, "the replica is changing its role: wait, or connect to the listener of the availability group"},
	{[]int32{615}, registry.KindStarting, false, "the database has been detached or moved: wait until it is there again"},
	{[]int32{923}, registry.KindAuth, false, "the database is open to its owner and to administrators only: ALTER DATABASE ... SET MULTI_USER"},
	{[]int32{924}, registry.KindBusy, false, "the database takes a single user, and another one is in it: ALTER DATABASE ... SET MULTI_USER"},
	{[]int32{926}, registry.KindCorrupt, false, "the database is suspect: see the server's log, and restore it from a backup if it is damaged"},
	{[]int32{945}, registry.KindIO, false, "files of the database cannot be read, or disk or memory are short: see the server's log"},
	// 18000
	{[]int32{18487}, registry.KindAuth, false, "the password has expired: ALTER LOGIN ... WITH PASSWORD = ... OLD_PASSWORD = ..."},
	{[]int32{18488}, registry.KindAuth, false, "the password must be changed before its first use: ALTER LOGIN ... WITH PASSWORD = ... OLD_PASSWORD = ..."},
	{[]int32{18486}, registry.KindAuth, false, "the account is locked after too many wrong passwords: ALTER LOGIN ... WITH PASSWORD = ... UNLOCK"},
	{[]int32{18470}, registry.KindAuth, false, "the account is disabled: ALTER LOGIN ... ENABLE"},
	{[]int32{18452}, registry.KindAuth, false, `the server does not trust the Windows domain of the account: set user to DOMAIN\name of one that it trusts, or use a login of SQL Server`},
	{[]int32{18401}, registry.KindStarting, false, "the server is upgrading its databases: wait until it is ready"},
	{[]int32{18451, 18461}, registry.KindStarting, false, "only an administrator may connect, because the server is being started, stopped or maintained: wait until it is ready"},
	{[]int32{18458, 18459, 18460}, registry.KindTooMany, false, "the server has no licence left for another connection: lower pool.max, or close what is not used"},
	// 16000
	{[]int32{17892}, registry.KindAuth, false, "a logon trigger of the server refuses the login: see the server's log for what it wants"},
	{[]int32{17835}, registry.KindTLS, false, "the server takes encrypted connections only: set ssl=true"},
	{[]int32{17142, 17813}, registry.KindStarting, false, "the server is paused or stopping: wait until it has been started again"},
	{[]int32{17809}, registry.KindTooMany, false, "the server has no connection left: lower pool.max, close what is not used, or raise the option \"user connections\""},
	{[]int32{17810}, registry.KindTooMany, false, "somebody else has the connection for administrators"},
	{[]int32{17803}, registry.KindTooMany, false, "the server is out of memory"},
	{[]int32{17828, 17832, 17836}, registry.KindConfig, false, "the server did not understand the driver: check what is in between, such as a proxy"},
	// azure
	{[]int32{40615}, registry.KindBlocked, false, "the firewall of the Azure server does not let this address in: add a rule for it"},
	{[]int32{40531, 40532}, registry.KindConfig, false, "the Azure gateway does not know the server: check host, and write user as name@server where host is not its own name"},
	{[]int32{40607}, registry.KindAuth, false, "Azure SQL Database takes no Windows logins: use a login of SQL Server, or a token"},
	{[]int32{40613}, registry.KindStarting, false, "the database is failing over, resuming or moving: wait until it is available"},
	{[]int32{40197, 40143, 40166, 40540}, registry.KindStarting, false, "the service is failing over: wait until it is available"},
	{[]int32{4221}, registry.KindStarting, false, "the replica waits for transactions of the primary server: wait until it is ready"},
	{[]int32{10928, 10936}, registry.KindTooMany, false, "the database or its elastic pool has reached its limit of sessions or workers: lower pool.max, or scale it up"},
	{[]int32{10929, 40501, 49918, 49919, 49920}, registry.KindTooMany, false, "the service is too busy: try again after some seconds, or scale the database up"},
	{[]int32{40549, 40550, 40551, 40552, 40553}, registry.KindTooMany, true, "Azure ended the session because a transaction used too much time, log, memory, tempdb or locks: make it smaller"},
	{[]int32{40544}, registry.KindIO, false, "the database has reached its size quota: delete something, or scale it up"},
	// vnet
	{[]int32{40914}, registry.KindBlocked, false, "the firewall of the Azure server does not let this virtual network in: add a rule for its subnet"},
	// access
	{[]int32{47073}, registry.KindBlocked, false, "the Azure server takes no connections from the public network: use its private endpoint"},
	// 0
	{[]int32{596}, registry.KindLost, false, "an administrator ended the connection with KILL, or the server shut down"},
	{[]int32{701, 802}, registry.KindTooMany, false, "the server is out of memory"},
	{[]int32{823}, registry.KindIO, false, "the server cannot read or write its files: see its log"},
	{[]int32{824}, registry.KindCorrupt, false, "the server found a damaged page: see its log, and restore the database from a backup"},
	{[]int32{229, 230, 262, 297, 300, 916}, registry.KindAuth, false, "the login lacks a right that the statement needs, or has no user in the database: GRANT it, or CREATE USER"},
	// 1000
	{[]int32{1105}, registry.KindIO, false, "the database is full: free space, or add a file"},
	{[]int32{1205}, registry.KindBusy, false, "the transaction was chosen as the victim of a deadlock: begin it again"},
	{[]int32{1222}, registry.KindBusy, true, "another transaction holds the lock: wait for it, or raise params.lockTimeout"},
	// 2000
	{[]int32{2740}, registry.KindConfig, false, "the server does not know the language in params.language: see sys.syslanguages"},
	// 3000
	{[]int32{3906}, registry.KindReadOnly, false, "the database is read-only, or a replica for reading: connect to the primary server, or ALTER DATABASE ... SET READ_WRITE"},
	{[]int32{3960}, registry.KindBusy, false, "another transaction changed the same rows: begin the snapshot transaction again"},
	// 4000
	{[]int32{4014}, registry.KindLost, false, ""},
	// 8000
	{[]int32{8645, 8651}, registry.KindTooMany, false, "the server has no memory for the statement: wait, or make it smaller"},
	// 9000
	{[]int32{9002}, registry.KindIO, false, "the transaction log is full: back it up, or let it grow"},
	// 31000
	{[]int32{41301, 41302, 41305, 41325, 41839}, registry.KindBusy, false, "another transaction on memory-optimized tables got in between: begin it again"},
	// 18000
	{[]int32{18456}, registry.KindAuth, false, "verify user and password; a server that takes Windows accounts only refuses others in the same words"},
}

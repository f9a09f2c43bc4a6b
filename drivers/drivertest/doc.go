// Package drivertest is the conformance suite for dialects: it tries a [registry.Driver] against a real
// database, through package conn as programs use it, in a subtest for each thing that they rely on. The author
// of a dialect calls [Run] from a test. It creates and drops tables whose names start with drivertest_, talks to
// the database that it is given and to loopback, and changes nothing else.
//
// # How to add a dialect
//
// A dialect is a package of your own. It needs a type with the three methods of [registry.Driver]:
//
//	func (dialect) Info() registry.Info {
//		return registry.Info{Dialect: "oracle", Port: 1521, Import: "example.org/oracle", Placeholder: registry.Colon}
//	}
//
//	func (dialect) Connector(cfg registry.Config, env registry.Env) (driver.Connector, error)
//
//	func (dialect) Diagnose(err error) registry.Diagnosis
//
// Info names it. Files says that it opens files, so that its URLs are read as oracle:path and oracle:///path.
// TestQuery is for a database that does not take SELECT 1; VersionQuery and RoleQuery tell more about a server.
//
// Connector turns the Config into what the database's own driver for database/sql calls a connector, field by
// field rather than through a DSN, in which a password with special characters can become something else. What
// the dialect has no use for it refuses by name, as [registry.CheckParams] does for Params; it does no I/O. With
// env.NoCreate a dialect of files creates none; with env.NoDatabase a server is logged in to without a database, or
// with one that every server has. A dialect of servers opens its network connections with DialFunc of package network,
// which calls env.Dial and env.Watch, and logs in with LogIn, which asks env.Credentials. That package has more that
// dialects of servers share: CheckFields, Address, TLSConfig, and a table of errors.
//
// Diagnose looks the error up, by [errors.As] and never by its text alone, in a table from the codes of the database
// to [registry.Kind]s, and leaves the rest to Diagnose of package network. What statements end in belongs into it as
// well: programs act on these kinds, and conn.Conn.InTx runs a transaction again that ends in KindConflict. A hint
// is only needed where one is better than what is usual for the kind, and it holds no value of a statement.
//
// Then the package registers itself,
//
//	func init() { registry.Register(dialect{}) }
//
// programs import it for its side effect, and a config or URL with the name of the dialect opens it. A build tag
// is only needed where a program should be able to leave the driver out although it imports the package.
//
// And its test says what the suite cannot know:
//
//	func TestConformance(t *testing.T) {
//		drivertest.Run(t, drivertest.Target{
//			Driver:  dialect{},
//			Config:  registry.Config{Host: "127.0.0.1", User: "app", Password: …, Database: "app"},
//			Columns: drivertest.Columns{Int: "NUMBER(19)", Text: "CLOB"},
//			Slow:    "BEGIN DBMS_SESSION.SLEEP(60); END;",
//			Codes:   map[registry.Kind]string{registry.KindUnique: "1", registry.KindForeignKey: "2291 2292", …},
//			Lacks: map[drivertest.Ability]string{
//				drivertest.Kill:     "the account of the tests has no right to",
//				drivertest.Sessions: "the account of the tests may not see them",
//			},
//			…
//		})
//	}
//
// fifth_test.go in this package is a whole dialect of that kind, of a server, in about a hundred lines; the
// packages beside this one are the rest of the examples.
//
// # What a target may lack
//
// Nothing is left out silently. What a dialect, or the server at hand, cannot do goes into Target.Lacks with the
// reason, and shows as a skipped subtest. So a scripted server, which has no SQL of its own, can lack [Tables],
// and with them all that writes and reads; one whose connections cannot be killed lacks [Kill]; a driver that
// leaves a connection at the isolation level of its last transaction lacks [TxLevel]. The contract of
// the driver, the failures, the network, the pool and the secrets are then still tried: they need no more than
// the test query.
package drivertest

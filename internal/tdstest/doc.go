// Package tdstest is a scripted SQL Server for tests: it speaks the server's side of TDS on loopback, well enough
// that a driver cannot tell, records what came over the wire, and misbehaves at any stage on demand. Tests of
// the mssql driver and of what opens connections through it call it; nothing else does. It never talks to
// anything beyond loopback, and it has no SQL and no data: a test scripts the answers to the statements that it
// runs, and the few that the driver sends to every server have an answer in builtins. What SQL Server itself does
// with SQL is shown by the conformance suite on the server that PATCHBAY_TEST_MSSQL_URL names.
//
// A server that answers one statement, and says who logged in:
//
//	s := tdstest.Start(t, tdstest.Options{})
//	s.Handle("select name from users", tdstest.Rows(
//		[]tdstest.Column{{Name: "name", Type: tdstest.NVarChar(50)}},
//		[]any{"Ada"}, []any{"Grace"},
//	).Always())
//	... open s.Config() ...
//	user := s.Connections()[0].Login.User
//
// The protocol is [MS-TDS], https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/; comments name its
// sections. MARS, bulk load, integrated security, Always Encrypted, tables as
// parameters, savepoints and procedures with results of their own are not spoken.
package tdstest

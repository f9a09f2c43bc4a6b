// Package tdstest is a scripted SQL Server for tests: it speaks the server's side of TDS on loopback, well enough
// that a driver cannot tell, records what came over the wire, and misbehaves at any stage on demand. Tests of
// the mssql driver and of whoever opens connections through it call it; nothing else does. It never talks to
// anything beyond loopback, and it has no SQL of its own: statements are answered by a script or by a [Backend],
// such as that of package tsql.
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
// sections. MARS, bulk load, integrated security and Always Encrypted are not spoken.
package tdstest

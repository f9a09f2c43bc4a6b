// Package bun shows that bun, a query builder on database/sql, works on what Patchbay opens as it does on a *sql.DB
// of any other origin: on the DB in a *conn.Conn. Its tests run for each dialect that they are built with. There is
// nothing in it to import. https://bun.uptrace.dev
package bun

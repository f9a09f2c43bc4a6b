package mssql

import (
	"encoding/binary"

	"github.com/microsoft/go-mssqldb"
)

// levels keeps an isolation level from the next user of a connection. SQL Server keeps the level of a session when a pool
// resets that, and the driver begins a transaction without one at the level that is there.
// https://learn.microsoft.com/sql/t-sql/statements/set-transaction-isolation-level-transact-sql
//
// So it looks at the requests, and once a level was set has the driver set it back after the next reset. That is a
// round trip more, once for each time that a connection was given back with another level.
type levels struct {
	connector *mssql.Connector // of this connection alone
	session   string           // the statements that it sends after each reset in any case
	set       bool
	matched   int // letters of levelWords at the end of the packet before
}

// setBack restores what every session begins with, in databases with READ_COMMITTED_SNAPSHOT as well.
const setBack = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"

// see looks at a request on its way out.
func (l *levels) see(p packet) {
	switch {
	case l.connector == nil: // the session is not in use yet
	case l.set && p.resets(): // the first request after a reset is setBack
		l.set, l.connector.SessionInitSQL = false, l.session
	case !l.set && (begins(p) || l.mentioned(p)):
		l.set, l.connector.SessionInitSQL = true, setBack
		if l.session != "" {
			l.connector.SessionInitSQL += "; " + l.session
		}
	}
}

// begins reports whether p begins a transaction at a level other than the usual one.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/4bb3b36d-ff32-4c71-b55a-7e76f80eb0ba
func begins(p packet) bool {
	const (
		begin         = 5
		current       = 0
		readCommitted = 2
	)
	if p.kind() != tranType || len(p.body()) < 4 {
		return false
	}
	request := p.body()[min(len(p.body()), int(binary.LittleEndian.Uint32(p.body()))):] // after its headers
	return len(request) >= 3 && request[0] == begin && request[2] != current && request[2] != readCommitted
}

// levelWords are in every statement that sets a level. One that only mentions them costs a round trip.
const levelWords = "isolationlevel"

// mentioned reports whether p is a batch, or the part of one, that has the words in it. SQL in any other form of request
// is a procedure for the server, which sets the level back itself at its end.
func (l *levels) mentioned(p packet) bool {
	if p.kind() != batchType {
		return false
	}
	if p.isFirst() {
		l.matched = 0
	}
	for _, c := range p.body() {
		if c <= ' ' { // between the words, and the other byte of a letter in UTF-16
			continue
		}
		c |= ' ' // in small letters
		if c != levelWords[l.matched] {
			l.matched = 0
		}
		if c == levelWords[l.matched] {
			l.matched++
		}
		if l.matched == len(levelWords) {
			l.matched = 0
			return true
		}
	}
	return false
}

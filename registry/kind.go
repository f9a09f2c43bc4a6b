package registry

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what went wrong in terms that a program can act on, whatever the dialect. A [Driver] maps the
// errors of its database to a Kind; the zero value is KindUnknown.
type Kind uint8

// The kinds of failure. Which driver error becomes which kind is written down in each driver package.
const (
	// Of opening a database, and of connections.

	KindUnknown     Kind = iota // an error that no driver claims
	KindAuth                    // the server refused the user: wrong password, locked, expired, no right to log in
	KindNoDatabase              // the database does not exist, or the user may not see it
	KindUnreachable             // nothing answers there: refused, no route, no such host, no socket
	KindTimeout                 // no answer in time
	KindCanceled                // the caller's context ended
	KindTooMany                 // the server has no connection left, or throttles
	KindBlocked                 // the server blocks this host
	KindStarting                // the server starts up, shuts down or fails over
	KindLost                    // an established connection broke
	KindReadOnly                // a write was refused: the database or the server takes none
	KindRole                    // the server is not what Config.Role asks for, or no host is
	KindTLS                     // no agreement on encryption or certificates
	KindConfig                  // the config cannot work: a bad field, a missing driver, the wrong server
	KindBusy                    // locked by another connection
	KindCannotOpen              // the database file cannot be opened
	KindCorrupt                 // the file is not a database, or is damaged
	KindIO                      // the disk failed or is full

	// Of statements.

	KindUnique     // another row has the key already
	KindForeignKey // a row refers to one that is not there, or is still referred to
	KindNotNull    // a column that must have a value got none
	KindCheck      // a check constraint does not hold
	KindConflict   // another transaction got in between: run this one again from its start
	KindDenied     // the user has no right to do this
	KindExists     // what is to be created is there already
	KindUndefined  // no such table, column, function or other object
	KindSyntax     // the statement is not one that the database understands, or contradicts itself
	KindValue      // a value is too long, out of range, or of the wrong form
	kindEnd
)

var kindNames = [kindEnd]string{
	"unknown", "auth", "no database", "unreachable", "timeout", "canceled", "too many connections", "blocked",
	"starting", "lost", "read only", "role", "tls", "config", "busy", "cannot open", "corrupt", "io",
	"unique", "foreign key", "not null", "check", "conflict", "denied", "exists", "undefined", "syntax", "value",
}

// String returns the kind in words, such as "no database".
func (k Kind) String() string {
	if k < kindEnd {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// kindNamed returns the kind with this name, in upper or lower case.
func kindNamed(name string) (Kind, bool) {
	i := slices.IndexFunc(kindNames[:], func(known string) bool { return strings.EqualFold(known, strings.TrimSpace(name)) })
	return Kind(max(i, 0)), i > 0
}

// MarshalText returns what String returns, so that a Kind reads the same in JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Retryable reports whether a failure of this kind is worth another attempt while a connection is being
// opened: the server may be reachable, ready or less busy a moment later. It says nothing about repeating
// a statement, which may have taken effect before its connection broke.
func (k Kind) Retryable() bool {
	switch k {
	case KindUnreachable, KindTimeout, KindTooMany, KindStarting, KindLost, KindRole, KindBusy:
		return true
	}
	return false
}

//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite

import (
	"errors"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/patchbay-go/patchbay/registry"
)

// result is what to make of a result code of SQLite.
type result struct {
	code int
	kind registry.Kind
	hint string
}

// results tells what a result code means, https://www.sqlite.org/rescode.html. An extended code that is not
// listed means what its low byte means.
var results = []result{
	{sqlite3.SQLITE_BUSY, registry.KindBusy, "another connection has held a lock for longer than busy_timeout: keep transactions short, or raise it"},
	{sqlite3.SQLITE_BUSY_RECOVERY, registry.KindBusy, "another process is recovering the write-ahead log after a crash: try again"},
	{sqlite3.SQLITE_BUSY_SNAPSHOT, registry.KindBusy, "another connection has written since this transaction began to read: roll back and start it again, with txlock=immediate"},
	{sqlite3.SQLITE_LOCKED, registry.KindBusy, "another statement of the same connection is still reading the table: close its rows first"},
	{sqlite3.SQLITE_PROTOCOL, registry.KindBusy, "too many processes start using the write-ahead log at once: try again"},
	{sqlite3.SQLITE_INTERRUPT, registry.KindCanceled, ""},
	{sqlite3.SQLITE_READONLY, registry.KindReadOnly, "the file is opened with mode=ro, or this user may not write it"},
	{sqlite3.SQLITE_READONLY_DIRECTORY, registry.KindReadOnly, "SQLite has to create files beside the database, and this user may not create any in that folder: allow it, or, for a file that nobody writes, set mode=ro and immutable=on"},
	{sqlite3.SQLITE_READONLY_DBMOVED, registry.KindReadOnly, "the file was moved or deleted while it was open: close the connection and open it again"},
	{sqlite3.SQLITE_CANTOPEN, registry.KindCannotOpen, "check that the folder exists and that this user may read and write the file and the folder"},
	{sqlite3.SQLITE_PERM, registry.KindCannotOpen, "check that this user may read and write the file and the folder"},
	{sqlite3.SQLITE_NOTADB, registry.KindCorrupt, "the file is not an SQLite database, or it is encrypted: check its name"},
	{sqlite3.SQLITE_CORRUPT, registry.KindCorrupt, "the file is damaged: run PRAGMA integrity_check, and restore a backup"},
	{sqlite3.SQLITE_IOERR, registry.KindIO, "the operating system failed to read, write or lock the file: check the disk, and use journal_mode=delete on a network file system"},
	{sqlite3.SQLITE_FULL, registry.KindIO, "the disk is full, or the database has reached max_page_count"},
}

// meaning finds an extended code before its low byte.
func meaning(code int) (found result) {
	for _, r := range results {
		if r.code == code {
			return r
		}
		if r.code == code&0xff {
			found = r
		}
	}
	return found
}

// Kind goes by the result code.
func (*dialect) Kind(err error) registry.Kind {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		if unknownName(e) {
			return registry.KindConfig
		}
		return meaning(e.Code()).kind
	}
	if opening, ok := errors.AsType[*openError](err); ok && opening.err == nil {
		return registry.KindCannotOpen
	}
	return registry.KindUnknown
}

// unknownName tells the errors of a URI, as in ATTACH, that have no code of their own.
func unknownName(e *sqlite.Error) bool {
	return e.Code() == sqlite3.SQLITE_ERROR &&
		(strings.Contains(e.Error(), "no such vfs") || strings.Contains(e.Error(), "no such access mode"))
}

// Advise gives a hint for what was found at the path, and else for the result code.
func (*dialect) Advise(err error) registry.Advice {
	if opening, ok := errors.AsType[*openError](err); ok && opening.hint != "" {
		return registry.Advice{Hint: opening.hint}
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return registry.Advice{Hint: meaning(e.Code()).hint}
	}
	return registry.Advice{}
}

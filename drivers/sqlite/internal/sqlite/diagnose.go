package sqlite

import (
	"errors"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// Result codes, https://www.sqlite.org/rescode.html
const (
	generic           = 1
	perm              = 3
	busy              = 5
	busyRecovery      = 261
	busySnapshot      = 517
	locked            = 6
	readOnly          = 8
	readOnlyMoved     = 1032
	readOnlyDirectory = 1544
	interrupt         = 9
	ioError           = 10
	corrupt           = 11
	full              = 13
	cannotOpen        = 14
	protocol          = 15
	notADatabase      = 26

	primary = 0xff // the part of an extended code that is a primary one
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
	{busy, registry.KindBusy, "another connection has held a lock for longer than busy_timeout: keep transactions short, or raise it"},
	{busyRecovery, registry.KindBusy, "another process is recovering the write-ahead log after a crash: try again"},
	{busySnapshot, registry.KindBusy, "another connection has written since this transaction began to read: roll back and start it again, with txlock=immediate"},
	{locked, registry.KindBusy, "another statement of the same connection is still reading the table: close its rows first"},
	{protocol, registry.KindBusy, "too many processes start using the write-ahead log at once: try again"},
	{interrupt, registry.KindCanceled, ""},
	{readOnly, registry.KindReadOnly, "the file is opened with mode=ro, or this user may not write it"},
	{readOnlyDirectory, registry.KindReadOnly, "SQLite has to create files beside the database, and this user may not create any in that folder: allow it, or, for a file that nobody writes, set mode=ro and immutable=on"},
	{readOnlyMoved, registry.KindReadOnly, "the file was moved or deleted while it was open: close the connection and open it again"},
	{cannotOpen, registry.KindCannotOpen, "check that the folder exists and that this user may read and write the file and the folder"},
	{perm, registry.KindCannotOpen, "check that this user may read and write the file and the folder"},
	{notADatabase, registry.KindCorrupt, "the file is not an SQLite database, or it is encrypted: check its name"},
	{corrupt, registry.KindCorrupt, "the file is damaged: run PRAGMA integrity_check, and restore a backup"},
	{ioError, registry.KindIO, "the operating system failed to read, write or lock the file: check the disk, and use journal_mode=delete on a network file system"},
	{full, registry.KindIO, "the disk is full, or the database has reached max_page_count"},
}

// meaning finds an extended code before its low byte.
func meaning(code int) (found result) {
	for _, r := range results {
		if r.code == code {
			return r
		}
		if r.code == code&primary {
			found = r
		}
	}
	return found
}

// Diagnose goes by the result code, and for a file that cannot be opened by what a look at it has found.
func (dialect) Diagnose(err error) registry.Diagnosis {
	var d registry.Diagnosis
	code, text, isCode := codeOf(err)
	opening, isOpening := errors.AsType[*openError](err)
	switch {
	case isCode && code == generic && unknownName(text):
		d.Kind, d.Code = registry.KindConfig, strconv.Itoa(code)
	case isCode:
		found := meaning(code)
		d.Kind, d.Code, d.Hint = found.kind, strconv.Itoa(code), found.hint
	case isOpening && opening.err == nil:
		d.Kind = registry.KindCannotOpen
	}
	if isOpening && opening.hint != "" {
		d.Hint = opening.hint
	}
	return d
}

// unknownName tells the errors of a URI, as in ATTACH, that have no code of their own.
func unknownName(text string) bool {
	return strings.Contains(text, "no such vfs") || strings.Contains(text, "no such access mode")
}

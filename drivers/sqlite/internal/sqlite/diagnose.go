package sqlite

import (
	"errors"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// Result codes, https://www.sqlite.org/rescode.html
const (
	generic              = 1
	perm                 = 3
	busy                 = 5
	busyRecovery         = 261
	busySnapshot         = 517
	locked               = 6
	readOnly             = 8
	readOnlyMoved        = 1032
	readOnlyDirectory    = 1544
	interrupt            = 9
	ioError              = 10
	corrupt              = 11
	full                 = 13
	tooBig               = 18
	anyConstraint        = 19
	mismatch             = 20
	auth                 = 23
	constraintCheck      = 275
	constraintForeignKey = 787
	constraintNotNull    = 1299
	constraintPrimaryKey = 1555
	constraintTrigger    = 1811
	constraintUnique     = 2067
	constraintRowID      = 2579
	constraintDatatype   = 3091
	cannotOpen           = 14
	protocol             = 15
	notADatabase         = 26

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
	{busySnapshot, registry.KindConflict, "another connection has written since this transaction began to read: run the transaction again from its start, with txlock=immediate"},
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
	{constraintUnique, registry.KindUnique, ""},
	{constraintPrimaryKey, registry.KindUnique, ""},
	{constraintRowID, registry.KindUnique, ""},
	{constraintForeignKey, registry.KindForeignKey, ""},
	{constraintNotNull, registry.KindNotNull, ""},
	{constraintCheck, registry.KindCheck, ""},
	{constraintTrigger, registry.KindCheck, "a trigger of the table refuses the row: see the text of the error"},
	{constraintDatatype, registry.KindValue, "a value is not of the type of its column, and the table is STRICT: correct it"},
	{anyConstraint, registry.KindCheck, "a constraint of the table does not hold: correct the values"},
	{mismatch, registry.KindValue, "a value is not of the type of its column: correct it"},
	{tooBig, registry.KindValue, "a text or blob is longer than SQLite's limit: shorten it"},
	{auth, registry.KindDenied, "the program's authorizer, or defensive=on, forbids the statement"},
}

// texts tells what a statement ends in that has the code 1 alone, by the start and the end of SQLite's words, which are
// not translated. https://www.sqlite.org/src/file/src/build.c, https://www.sqlite.org/src/file/src/resolve.c
var texts = []struct {
	start, end string
	kind       registry.Kind
	hint       string
}{
	{"no such vfs", "", registry.KindConfig, ""}, // of a URI, as in ATTACH
	{"no such access mode", "", registry.KindConfig, ""},
	{"no such ", "", registry.KindUndefined, ""},
	{"unknown database ", "", registry.KindUndefined, "no database of that name is attached: check its name"},
	{"", " already exists", registry.KindExists, ""},
	{"", " is already in use", registry.KindExists, "a database of that name is attached already: choose another name"},
	{"there is already ", "", registry.KindExists, "it exists already: choose another name"},
	{"duplicate column name: ", "", registry.KindExists, "the column exists already: choose another name"},
	{"near ", ": syntax error", registry.KindSyntax, ""},
	{"incomplete input", "", registry.KindSyntax, "the statement ends too early: complete it"},
	{"unrecognized token: ", "", registry.KindSyntax, ""},
	{"ambiguous column name: ", "", registry.KindSyntax, "several tables have a column of that name: write which one is meant"},
	{"misuse of ", "", registry.KindSyntax, ""},
	{"table ", " values were supplied", registry.KindSyntax, "there are more or fewer values than columns: correct the statement"},
	{"", " result columns", registry.KindSyntax, "the parts of a compound SELECT differ in their number of columns: correct the statement"},
	{"", " columns", registry.KindSyntax, "there are more or fewer values than columns: correct the statement"},
	{"wrong number of arguments to function ", "", registry.KindSyntax, "the function takes another number of arguments: correct the statement"},
	{"malformed JSON", "", registry.KindValue, "a text is not JSON: correct it"},
	{"integer overflow", "", registry.KindValue, "a number is out of range: correct it"},
}

// noColumn is in the middle of a text that starts with a table and ends with a column.
const noColumn = " has no column named "

// meaningOf finds the row for a text, in which the driver puts words before and after those of SQLite.
func meaningOf(text string) (registry.Kind, string) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "SQL logic error: "), " (1)")
	for _, row := range texts {
		if strings.HasPrefix(text, row.start) && strings.HasSuffix(text, row.end) {
			return row.kind, row.hint
		}
	}
	if strings.HasPrefix(text, "table ") && strings.Contains(text, noColumn) {
		return registry.KindUndefined, "the column does not exist: check its name"
	}
	return registry.KindUnknown, ""
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
func (*dialect) Diagnose(err error) registry.Diagnosis {
	var d registry.Diagnosis
	code, text, isCode := codeOf(err)
	opening, isOpening := errors.AsType[*openError](err)
	switch {
	case isCode && code == generic:
		d.Code = strconv.Itoa(code)
		d.Kind, d.Hint = meaningOf(text)
	case isCode:
		found := meaning(code)
		d.Kind, d.Code, d.Hint, d.Constraint = found.kind, strconv.Itoa(code), found.hint, violated(code, text)
	case isOpening && opening.err == nil:
		d.Kind = registry.KindCannotOpen
	}
	if isOpening && opening.hint != "" {
		d.Hint = opening.hint
	}
	return d
}

// violated takes out of the text what SQLite names of a constraint: the columns of a key, the index of one on
// expressions, or the name of a check.
//
//	UNIQUE constraint failed: city.name, city.zip
//	UNIQUE constraint failed: index 'city_lower'
//	CHECK constraint failed: positive
func violated(code int, text string) string {
	if code != constraintUnique && code != constraintPrimaryKey && code != constraintRowID && code != constraintCheck {
		return ""
	}
	_, name, _ := strings.Cut(text, " constraint failed: ")
	name = name[:max(0, strings.LastIndex(name, " ("))] // the driver puts the code at the end
	if index, ok := strings.CutPrefix(name, "index '"); ok {
		name = strings.TrimSuffix(index, "'")
	}
	return name
}

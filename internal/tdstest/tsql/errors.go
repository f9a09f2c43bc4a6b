package tsql

import (
	"errors"
	"fmt"
	"regexp"

	"modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// https://www.sqlite.org/rescode.html
const (
	busy         = 5
	busySnapshot = 517
)

// failures says what SQL Server would have said. The text is a format for what the group of the pattern has found.
// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
var failures = []struct {
	pattern *regexp.Regexp // of SQLite's words
	tdstest.Message
}{
	{regexp.MustCompile(`no such table: (?:main\.|temp\.)?(\S+)`), tdstest.Message{Number: 208, Text: "Invalid object name '%s'."}},
	{regexp.MustCompile(`no such column: (\S+)`), tdstest.Message{Number: 207, Text: "Invalid column name '%s'."}},
	{regexp.MustCompile(`has no column named (\S+)`), tdstest.Message{Number: 207, Text: "Invalid column name '%s'."}},
	{regexp.MustCompile(`ambiguous column name: (\S+)`), tdstest.Message{Number: 209, Text: "Ambiguous column name '%s'."}},
	{regexp.MustCompile(`no such function: (\S+)`), tdstest.Message{Number: 195, Class: 15, Text: "'%s' is not a recognized built-in function name."}},
	{regexp.MustCompile(`missing named argument "(\w+)"`), tdstest.Message{Number: 137, Class: 15, State: 2, Text: "Must declare the scalar variable \"@%s\"."}},
	{regexp.MustCompile(`table "?(\S+?)"? already exists`), tdstest.Message{Number: 2714, State: 6, Text: "There is already an object named '%s' in the database."}},
	{regexp.MustCompile(`NOT NULL constraint failed: (\S+)`), tdstest.Message{Number: 515, State: 2, Text: "Cannot insert the value NULL into column '%s'; column does not allow nulls. INSERT fails."}},
	{regexp.MustCompile(`UNIQUE constraint failed: ([^(]+?) \(`), tdstest.Message{Number: 2627, Class: 14, Text: "Violation of UNIQUE KEY constraint. Cannot insert duplicate key in '%s'."}},
	{regexp.MustCompile(`CHECK constraint failed: (.+?) \(\d+\)`), tdstest.Message{Number: 547, Text: "The statement conflicted with the CHECK constraint \"%s\"."}},
	{regexp.MustCompile(`(FOREIGN KEY) constraint failed`), tdstest.Message{Number: 547, Text: "The statement conflicted with the %s constraint."}},
	{regexp.MustCompile(`table (\S+) has \d+ columns but \d+ values`), tdstest.Message{Number: 213, Text: "Column name or number of supplied values does not match table definition of '%s'."}},
	{regexp.MustCompile(`(\d+) values for \d+ columns`), tdstest.Message{Number: 110, Class: 15, Text: "There are fewer columns in the INSERT statement than the %s values specified in the VALUES clause."}},
	{regexp.MustCompile(`near "(.*)": syntax error`), tdstest.Message{Number: 102, Class: 15, Text: "Incorrect syntax near '%s'."}},
	{regexp.MustCompile(`(incomplete input)`), tdstest.Message{Number: 102, Class: 15, Text: "Incorrect syntax near the end: %s."}},
}

var (
	lockTimeout = tdstest.Message{Number: 1222, State: 51, Text: "Lock request time out period exceeded."}
	conflict    = tdstest.Message{Number: 3960, State: 2, Text: "Snapshot isolation transaction aborted due to update conflict. Retry the transaction."}
	doomed      = tdstest.Message{Number: 3930, Text: "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction."}
	noTable     = tdstest.Message{Number: 3701, Class: 11, State: 5, Text: "Cannot drop the table '%s', because it does not exist or you do not have permission."}
)

// translated gives an error of SQLite the number that it has in SQL Server; drop: a table was to be dropped.
func translated(err error, drop bool) tdstest.Message {
	if m, ok := errors.AsType[tdstest.Message](err); ok {
		return m
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() {
		case busy:
			return lockTimeout
		case busySnapshot:
			return conflict
		}
	}
	for _, f := range failures {
		found := f.pattern.FindStringSubmatch(err.Error())
		if found == nil {
			continue
		}
		m := f.Message
		if drop && m.Number == 208 {
			m = noTable
		}
		m.Text = fmt.Sprintf(m.Text, found[1])
		return m
	}
	return tdstest.Message{Number: 50000, Text: err.Error()}
}

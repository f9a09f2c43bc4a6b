package tsql

import (
	"crypto/rand"
	"database/sql/driver"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf16"

	"modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/internal/tdstest"
)

// collations say how columns compare that are text in SQLite and something else in SQL Server.
var collations = map[string]func(a, b string) int{
	textOrder:   compareText,
	numberOrder: compareNumbers,
	timeOrder:   compareTimes,
}

const (
	textOrder   = "tsql_text"
	numberOrder = "tsql_number"
	timeOrder   = "tsql_time"
)

// compareText ignores case and blanks at the end, as the default collation of SQL Server does.
func compareText(a, b string) int {
	fold := func(s string) string { return strings.ToLower(strings.TrimRight(s, " ")) }
	return strings.Compare(fold(a), fold(b))
}

func compareNumbers(a, b string) int {
	x, ok := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok || !ok2 {
		return strings.Compare(a, b)
	}
	return x.Cmp(y)
}

func compareTimes(a, b string) int {
	x, err := tdstest.ParseTime(a)
	y, err2 := tdstest.ParseTime(b)
	if err != nil || err2 != nil {
		return strings.Compare(a, b)
	}
	return x.Compare(y)
}

type function struct {
	args int32
	call func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error)
}

// functions are those of T-SQL that SQLite lacks.
var functions = map[string]function{
	"getdate":           {0, now(dateTimeForm)},
	"getutcdate":        {0, now(dateTimeForm)},
	"sysdatetime":       {0, now(dateTimeForm)},
	"sysutcdatetime":    {0, now(dateTimeForm)},
	"sysdatetimeoffset": {0, now(offsetForm)},
	"newid":             {0, newID},
	"len":               {1, length},
	"datalength":        {1, dataLength},
}

func now(form string) func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
	return func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		return time.Now().UTC().Format(form), nil
	}
}

func newID(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// length is the number of characters without the blanks at the end.
func length(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	switch v := args[0].(type) {
	case nil:
		return nil, nil
	case []byte:
		return int64(len(v)), nil
	default:
		text := strings.TrimRight(fmt.Sprint(v), " ")
		return int64(len(utf16.Encode([]rune(text)))), nil
	}
}

// dataLength is the number of bytes, of nvarchar where it is a text.
func dataLength(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	switch v := args[0].(type) {
	case nil:
		return nil, nil
	case []byte:
		return int64(len(v)), nil
	case string:
		return int64(2 * len(utf16.Encode([]rune(v)))), nil
	}
	return int64(8), nil
}

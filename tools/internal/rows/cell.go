package rows

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Cell is a value as text: numbers in decimal, times as RFC 3339 has them, bytes as \x and hexadecimal digits.
type Cell struct {
	Text string
	Kind Kind
}

// Kind says how a Cell is written where it matters.
type Kind uint8

// The kinds of a [Cell].
const (
	Null Kind = iota
	Number
	Bool
	Text
	Bytes
	JSON // a text that is a value of JSON
)

// cellOf turns a value that a driver returned into a Cell. typeName is the column's type in capitals.
func cellOf(value any, typeName string) Cell {
	switch v := value.(type) {
	case nil:
		return Cell{"NULL", Null}
	case int64:
		return Cell{strconv.FormatInt(v, 10), Number}
	case uint64: // MySQL's unsigned columns
		return Cell{strconv.FormatUint(v, 10), Number}
	case float64:
		return float(v, 64)
	case float32: // MySQL's FLOAT
		return float(float64(v), 32)
	case bool:
		return Cell{strconv.FormatBool(v), Bool}
	case time.Time:
		return Cell{v.Format(layout(v, typeName)), Text}
	case string:
		if utf8.ValidString(v) {
			return textCell(v, typeName)
		}
		return Cell{fmt.Sprintf("\\x%x", v), Bytes}
	case []byte:
		return bytesCell(v, typeName)
	}
	return Cell{fmt.Sprint(value), Text}
}

func float(v float64, bits int) Cell {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Cell{strconv.FormatFloat(v, 'g', -1, bits), Text} // JSON has no number for it
	}
	format := byte('g')
	if a := math.Abs(v); a == 0 || a >= 1e-6 && a < 1e21 {
		format = 'f'
	}
	return Cell{strconv.FormatFloat(v, format, -1, bits), Number}
}

func layout(t time.Time, typeName string) string {
	h, m, s := t.Clock()
	switch {
	case typeName == "DATE" && h+m+s+t.Nanosecond() == 0:
		return time.DateOnly
	case typeName == "TIME":
		return "15:04:05.999999999"
	}
	return time.RFC3339Nano
}

// textTypes are what the names of the types contain whose values some drivers return as bytes although they
// are text: character types, and numbers whose precision no Go type keeps.
var textTypes = []string{"CHAR", "TEXT", "CLOB", "JSON", "XML", "ENUM", "SET", "DECIMAL", "NUMERIC", "MONEY", "DATE", "TIME"}

func bytesCell(v []byte, typeName string) Cell {
	if typeName == "UNIQUEIDENTIFIER" && len(v) == 16 {
		// The first three groups come with their bytes reversed.
		// https://learn.microsoft.com/sql/t-sql/data-types/uniqueidentifier-transact-sql
		text := fmt.Sprintf("%02X%02X%02X%02X-%02X%02X-%02X%02X-%X-%X", v[3], v[2], v[1], v[0], v[5], v[4], v[7], v[6], v[8:10], v[10:])
		return Cell{text, Text}
	}
	for _, name := range textTypes {
		if strings.Contains(typeName, name) && utf8.Valid(v) {
			return textCell(string(v), typeName)
		}
	}
	return Cell{fmt.Sprintf("\\x%x", v), Bytes}
}

// textCell is a text of a type that may say more: numbers whose precision no Go type keeps come as texts.
func textCell(text, typeName string) Cell {
	switch {
	case strings.Contains(typeName, "JSON"):
		return Cell{text, JSON}
	case strings.Contains(typeName, "DECIMAL"), strings.Contains(typeName, "NUMERIC"), strings.Contains(typeName, "MONEY"):
		return NumberCell(text)
	}
	return Cell{text, Text}
}

// NumberCell is a number in decimal as a text; what JSON has no number for, such as NaN or $1.00, stays a text.
func NumberCell(text string) Cell {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || !json.Valid([]byte(text)) {
		return Cell{text, Text}
	}
	return Cell{text, Number}
}

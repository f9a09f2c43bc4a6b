package tdstest

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Conversions of the Go values that a script or a backend gives, to what a type needs. They convert as SQL Server
// does implicitly, and fail with its messages.

func conversionFailed(v any, to string) Message {
	return Message{Number: 245, Text: fmt.Sprintf("Conversion failed when converting the value '%v' to data type %s.", v, to)}
}

func overflow(t Type) Message {
	return Message{Number: 8115, State: 2, Text: fmt.Sprintf("Arithmetic overflow error converting expression to data type %s.", t)}
}

func truncated() Message {
	return Message{Number: 8152, Text: "String or binary data would be truncated."}
}

func asInt(v any) (int64, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case float64:
		if v < math.MinInt64 || v >= math.MaxInt64 || v != v {
			return 0, overflow(BigInt)
		}
		return int64(v), nil
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		if err != nil {
			return 0, conversionFailed(v, "int")
		}
		return n, nil
	}
	return 0, conversionFailed(v, "int")
}

func asFloat(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil {
			return 0, Message{Number: 8114, State: 5, Text: "Error converting data type nvarchar to float."}
		}
		return f, nil
	}
	n, err := asInt(v)
	return float64(n), err
}

// asNumber gives the digits of a number.
func asNumber(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	n, err := asInt(v)
	return strconv.FormatInt(n, 10), err
}

func asText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case time.Time:
		return v.Format("2006-01-02 15:04:05.0000000 -07:00"), nil
	case []byte:
		return string(v), nil
	}
	n, err := asInt(v)
	return strconv.FormatInt(n, 10), err
}

func asBytes(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return nil, conversionFailed(v, "varbinary")
}

func asBool(v any) (bool, error) {
	if text, ok := v.(string); ok {
		switch strings.ToLower(text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	n, err := asInt(v)
	return n != 0, err
}

var timeForms = []string{
	"2006-01-02 15:04:05.999999999 -07:00", "2006-01-02 15:04:05.999999999-07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02", "20060102", "15:04:05.999999999", "15:04",
}

// ParseTime reads a date, a time or both, with or without an offset, in the forms that are the same in every language:
// https://learn.microsoft.com/sql/t-sql/data-types/datetimeoffset-transact-sql
func ParseTime(text string) (time.Time, error) {
	text = strings.TrimSuffix(strings.Replace(strings.TrimSpace(text), "T", " ", 1), "Z")
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return badTime()
}

func asTime(v any) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return v, nil
	case string:
		return ParseTime(v)
	}
	return badTime()
}

func badTime() (time.Time, error) {
	return time.Time{}, Message{Number: 241, Text: "Conversion failed when converting date and/or time from character string."}
}

// encodeGUID takes the text of one, or its bytes as SQL Server has them: the first three groups of the text have
// their bytes in reverse order.
func encodeGUID(_ Type, v any) ([]byte, error) {
	if b, ok := v.([]byte); ok && len(b) == 16 {
		return b, nil
	}
	text, _ := v.(string)
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Trim(text, "{}"), "-", ""))
	if err != nil || len(b) != 16 {
		return nil, Message{Number: 8169, State: 2, Text: "Conversion failed when converting from a character string to uniqueidentifier."}
	}
	return swapGUID(b), nil
}

func decodeGUID(_ Type, b []byte) (any, error) {
	g := swapGUID(b)
	return fmt.Sprintf("%X-%X-%X-%X-%X", g[:4], g[4:6], g[6:8], g[8:10], g[10:]), nil
}

func swapGUID(b []byte) []byte {
	return []byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]}
}

package rows

import (
	"math"
	"testing"
	"time"
)

func TestCellsOfWhatDriversReturn(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		value    any
		typeName string
		text     string
		kind     Kind
	}{
		{nil, "TEXT", "NULL", Null},
		{int64(math.MinInt64), "BIGINT", "-9223372036854775808", Number},
		{uint64(math.MaxUint64), "UNSIGNED BIGINT", "18446744073709551615", Number},
		{1.5, "REAL", "1.5", Number},
		{math.Nextafter(0.3, 1), "REAL", "0.30000000000000004", Number},
		{1e20, "REAL", "100000000000000000000", Number},
		{1e300, "REAL", "1e+300", Number},
		{1e-7, "REAL", "1e-07", Number},
		{0.0, "REAL", "0", Number},
		{float32(0.1), "FLOAT", "0.1", Number},
		{math.NaN(), "FLOAT8", "NaN", Text},
		{math.Inf(-1), "FLOAT8", "-Inf", Text},
		{true, "BOOL", "true", Bool},
		{"NULL", "TEXT", "NULL", Text},
		{"", "TEXT", "", Text},
		{"\xff\xfe", "TEXT", `\xfffe`, Bytes},
		{[]byte{0, 0xab}, "BLOB", `\x00ab`, Bytes},
		{[]byte{}, "BYTEA", `\x`, Bytes},
		{[]byte("text"), "BLOB", `\x74657874`, Bytes},
		{[]byte("text"), "VARCHAR", "text", Text},
		{[]byte("12.50"), "DECIMAL", "12.50", Number},
		{"1.50", "NUMERIC", "1.50", Number},
		{"NaN", "NUMERIC", "NaN", Text},
		{[]byte(`{"a":1}`), "JSON", `{"a":1}`, JSON},
		{[]byte{0xff}, "VARCHAR", `\xff`, Bytes},
		{[]byte("ab"), "VARBINARY", `\x6162`, Bytes},
		{[]byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}, "UNIQUEIDENTIFIER", "00112233-4455-6677-8899-AABBCCDDEEFF", Text},
		{time.Date(2024, 2, 29, 13, 14, 15, 123456000, time.UTC), "TIMESTAMPTZ", "2024-02-29T13:14:15.123456Z", Text},
		{time.Date(2024, 2, 29, 13, 14, 15, 0, zone), "DATETIMEOFFSET", "2024-02-29T13:14:15+02:00", Text},
		{time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), "DATE", "2024-02-29", Text},
		{time.Date(2024, 2, 29, 1, 0, 0, 0, time.UTC), "DATE", "2024-02-29T01:00:00Z", Text},
		{time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), "DATETIME", "2024-02-29T00:00:00Z", Text},
		{time.Date(1, 1, 1, 13, 14, 15, 5e8, time.UTC), "TIME", "13:14:15.5", Text},
		{[]int{1, 2}, "INT[]", "[1 2]", Text},
	} {
		if got := cellOf(c.value, c.typeName); got != (Cell{c.text, c.kind}) {
			t.Errorf("%T %v as %s: got %q of kind %d, want %q of kind %d", c.value, c.value, c.typeName, got.Text, got.Kind, c.text, c.kind)
		}
	}
}

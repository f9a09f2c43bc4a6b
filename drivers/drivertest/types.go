package drivertest

import (
	"bytes"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// What is written is read again.
var typeBehaviours = []behaviour{
	{says: "integers to the limits of int64", check: integers, needs: []Ability{Tables}},
	{says: "text in every script, as it was written", check: texts, needs: []Ability{Tables}},
	{says: "floats without loss", check: floats, needs: []Ability{Tables, Floats}},
	{says: "true and false", check: bools, needs: []Ability{Tables, Bools}},
	{says: "decimals as text, digit for digit", check: decimals, needs: []Ability{Tables, Decimals}},
	{says: "bytes of any value and number", check: blobs, needs: []Ability{Tables, Bytes}},
	{says: "times as the same instant, to the microsecond", check: times, needs: []Ability{Tables, Times}},
	{says: "times in UTC", check: timesInUTC, needs: []Ability{Tables, Times, UTC}},
}

func same[T comparable](got, want T) bool { return got == want }

// roundTrip writes each value and NULL into a column, and reads them again.
func roundTrip[T any](c check, column string, equal func(got, want T) bool, values ...T) {
	c.Helper()
	db := c.open(c.config())
	table := c.table(db, "id "+c.Columns.Int+", v "+column)
	write := c.prepare(db.DB, "INSERT INTO "+table+" (id, v) VALUES (?, ?)")
	query := "SELECT v FROM " + table + " WHERE id = ?"
	for id, want := range values {
		if _, err := write.ExecContext(c.ctx(), id, want); err != nil {
			c.Errorf("writing %s: %v", short(want), err)
			continue
		}
		var got sql.Null[T]
		if err := db.QueryRowContext(c.ctx(), c.statement(query), id).Scan(&got); err != nil {
			c.Errorf("reading %s: %v", short(want), err)
		} else if !got.Valid || !equal(got.V, want) {
			c.Errorf("wrote %s, read %s (not NULL: %t)", short(want), short(got.V), got.Valid)
		}
	}
	var null sql.Null[T]
	c.exec(db, "INSERT INTO "+table+" (id, v) VALUES (?, ?)", -1, null)
	if err := db.QueryRowContext(c.ctx(), c.statement(query), -1).Scan(&null); err != nil || null.Valid {
		c.Errorf("wrote NULL, read %v, %v", null, err)
	}
}

func short(v any) string {
	text := fmt.Sprintf("%v", v)
	if s, ok := v.(string); ok {
		text = strconv.QuoteToASCII(s)
	}
	if len(text) > 100 {
		text = text[:100] + "..."
	}
	return text
}

func integers(c check) {
	roundTrip(c, c.Columns.Int, same, int64(0), 1, -1, math.MinInt64, math.MaxInt64, 1<<53+1) // int may have 32 bits
}

func texts(c check) {
	roundTrip(c, c.Columns.Text, same,
		"", " ", "plain", "two\nlines\r\n\tand more ", `quotes ' " `+"`"+` \ \0 \n %s ? $1 :a @a -- /* ; `,
		"caf\u00e9", "cafe\u0301", // the same to a reader, and not the same text
		"日本語 العربية עברית ไทย", "𝄞 😀 👩\u200d👩\u200d👧 \U0010FFFD",
		strings.Repeat("a", 8001), strings.Repeat("é😀", 10_000),
	)
}

func floats(c check) {
	roundTrip(c, c.Columns.Float, same, 0, -0.1, 1.0/3, math.MaxFloat64, -math.MaxFloat64, 2.2250738585072014e-308)
}

func bools(c check) { roundTrip(c, c.Columns.Bool, same, true, false) }

func decimals(c check) {
	roundTrip(c, c.Columns.Decimal, same,
		"12345678901234567890.0123456789", "-99999999999999999999.9999999999", "0.0000000001", "0.1000000000",
	)
}

func blobs(c check) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	roundTrip(c, c.Columns.Bytes, bytes.Equal,
		[]byte{}, []byte{0}, []byte{0, 0, 1, 0}, []byte{0xff, 0xfe}, []byte(`\x41'"`), every,
		bytes.Repeat(every, 32)[:8001], bytes.Repeat(every, 400),
	)
}

// instants are written with the zones that a program may run in.
func instants() []time.Time {
	kathmandu, west := time.FixedZone("", 5*3600+45*60), time.FixedZone("", -8*3600)
	return []time.Time{
		time.Date(2024, 2, 29, 23, 59, 59, 123456000, kathmandu),
		time.Date(1999, 12, 31, 23, 59, 59, 999999000, west),
		time.Date(2024, 7, 1, 12, 0, 0, 1000, time.UTC),
		time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC),
		time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2024, 10, 27, 2, 30, 0, 0, time.UTC), // in the hour that many zones have twice
		time.Now().Truncate(time.Microsecond),
	}
}

func times(c check) {
	roundTrip(c, c.Columns.Time, func(got, want time.Time) bool { return got.Equal(want) }, instants()...)
}

func timesInUTC(c check) {
	roundTrip(c, c.Columns.Time, func(got, _ time.Time) bool {
		_, offset := got.Zone()
		// Local passes for UTC on a machine that is set to it, and only there.
		return offset == 0 && got.Location() != time.Local
	}, instants()...)
}

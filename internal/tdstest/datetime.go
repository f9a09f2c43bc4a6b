package tdstest

import (
	"fmt"
	"time"
)

// Dates and times: MS-TDS, "Date/Times". Those without an offset are what a clock on the wall shows; here they are
// in UTC.

const (
	day      = 24 * time.Hour
	lastDate = 3652058 // days from 0001-01-01 to 9999-12-31
	perDay   = 300 * 86400

	firstDateTime = -53690  // days from 1900-01-01 back to 1753-01-01
	lastDateTime  = 2958463 // and on to 9999-12-31
)

var (
	year1    = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	year1900 = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
)

// wall gives what the clock shows at t where t is, as if that were UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// daysSince counts whole days. It is not a Duration, which holds 292 years.
func daysSince(start, t time.Time) int64 { return (midnight(t).Unix() - start.Unix()) / 86400 }

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// tick is the unit of a time of that scale.
func tick(scale byte) time.Duration {
	unit := time.Second
	for range scale {
		unit /= 10
	}
	return unit
}

// timeBytes is the number of bytes of a time of that scale.
func timeBytes(scale byte) int {
	switch {
	case scale <= 2:
		return 3
	case scale <= 4:
		return 4
	}
	return 5
}

func appendTicks(b []byte, t time.Time, scale byte) []byte {
	n := uint64(t.Sub(midnight(t)) / tick(scale))
	return append(b, le.AppendUint64(nil, n)[:timeBytes(scale)]...)
}

func appendDays(b []byte, t time.Time) []byte {
	return append(b, le.AppendUint32(nil, uint32(daysSince(year1, t)))[:3]...)
}

func ticks(b []byte, scale byte) time.Duration {
	return time.Duration(le.Uint64(append(b[:len(b):len(b)], make([]byte, 8)...))) * tick(scale)
}

func encodeDate(t Type, v any) ([]byte, error) {
	at, err := asTime(v)
	if err != nil {
		return nil, err
	}
	if d := daysSince(year1, wall(at)); d < 0 || d > lastDate {
		return nil, overflow(t)
	}
	return appendDays(nil, wall(at)), nil
}

func encodeTime(t Type, v any) ([]byte, error) {
	at, err := asTime(v)
	if err != nil {
		return nil, err
	}
	return appendTicks(nil, wall(at).Round(tick(t.Scale)), t.Scale), nil
}

func encodeDateTime2(t Type, v any) ([]byte, error) {
	at, err := asTime(v)
	if err != nil {
		return nil, err
	}
	at = wall(at).Round(tick(t.Scale))
	if d := daysSince(year1, at); d < 0 || d > lastDate {
		return nil, overflow(t)
	}
	return appendDays(appendTicks(nil, at, t.Scale), at), nil
}

// encodeDateTimeOffset writes the instant in UTC, then the offset in minutes.
func encodeDateTimeOffset(t Type, v any) ([]byte, error) {
	at, err := asTime(v)
	if err != nil {
		return nil, err
	}
	_, offset := at.Zone()
	b, err := encodeDateTime2(t, at.UTC())
	return le.AppendUint16(b, uint16(int16(offset/60))), err
}

// encodeDateTime writes days since 1900 and, for datetime, 300ths of a second, for smalldatetime minutes.
func encodeDateTime(t Type, v any) ([]byte, error) {
	at, err := asTime(v)
	if err != nil {
		return nil, err
	}
	at = wall(at)
	if t.Size == 4 {
		at = at.Round(time.Minute)
		d := daysSince(year1900, at)
		if d < 0 || d > 0xffff {
			return nil, overflow(t)
		}
		b := le.AppendUint16(nil, uint16(d))
		return le.AppendUint16(b, uint16(at.Sub(midnight(at))/time.Minute)), nil
	}
	d, n := daysSince(year1900, at), (at.Sub(midnight(at))*3+5*time.Millisecond)/(10*time.Millisecond)
	if n == perDay {
		d, n = d+1, 0
	}
	if d < firstDateTime || d > lastDateTime {
		return nil, overflow(t)
	}
	b := le.AppendUint32(nil, uint32(int32(d)))
	return le.AppendUint32(b, uint32(n)), nil
}

// moment reads the days and, where there is one, the time before them.
func moment(t Type, clock, date []byte) (time.Time, error) {
	days, ofDay := int(date[0])|int(date[1])<<8|int(date[2])<<16, ticks(clock, t.Scale)
	if days > lastDate || ofDay >= day {
		return time.Time{}, fmt.Errorf("%s of day %d and %v", t, days, ofDay)
	}
	return year1.AddDate(0, 0, days).Add(ofDay), nil
}

func decodeDate(t Type, b []byte) (any, error) { return moment(t, nil, b) }

func decodeTime(t Type, b []byte) (any, error) { return moment(t, b, []byte{0, 0, 0}) }

func decodeDateTime2(t Type, b []byte) (any, error) { return moment(t, b[:len(b)-3], b[len(b)-3:]) }

func decodeDateTimeOffset(t Type, b []byte) (any, error) {
	clock := len(b) - 5
	at, err := moment(t, b[:clock], b[clock:])
	offset := int(int16(le.Uint16(b[clock+3:]))) * 60
	return at.In(time.FixedZone("", offset)), err
}

func decodeDateTime(t Type, b []byte) (any, error) {
	if len(b) == 4 {
		days, minutes := int(le.Uint16(b)), le.Uint16(b[2:])
		if minutes >= 24*60 {
			return nil, fmt.Errorf("%s of minute %d", t, minutes)
		}
		return year1900.AddDate(0, 0, days).Add(time.Duration(minutes) * time.Minute), nil
	}
	days, n := int64(int32(le.Uint32(b))), time.Duration(le.Uint32(b[4:]))
	if days < firstDateTime || days > lastDateTime || n >= perDay {
		return nil, fmt.Errorf("%s of day %d and %d/300 s", t, days, n)
	}
	return year1900.AddDate(0, 0, int(days)).Add((n*10*time.Millisecond + 1500*time.Microsecond) / 3 / time.Millisecond * time.Millisecond), nil
}

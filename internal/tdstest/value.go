package tdstest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// encode writes a value without its size. A value of another Go type than [Param] has for the type is an error: the
// server converts nothing.
func (t Type) encode(v any) ([]byte, error) {
	var b []byte
	switch v := v.(type) {
	case bool:
		if t.ID == idBitN {
			b = []byte{map[bool]byte{true: 1}[v]}
		}
	case int:
		return t.encode(int64(v))
	case int64:
		if t.ID == idIntN {
			if b = le.AppendUint64(nil, uint64(v))[:t.Size]; integer(b) != v {
				b = nil
			}
		}
	case float64:
		if t.ID == idFloatN {
			b = le.AppendUint64(nil, math.Float64bits(v))
		}
	case string:
		b = t.encodeText(v)
	case []byte:
		if t.ID == idVarBinary {
			b = append([]byte{}, v...) // not nil
		}
	case time.Time:
		b = t.encodeTime(v)
	}
	if b == nil || t.Size != 0 && t.Size != Max && len(b) > t.Size {
		return nil, fmt.Errorf("tdstest: the %T %.100v does not fit %s", v, v, t)
	}
	return b, nil
}

// encodeText returns nil for a text that does not fit.
func (t Type) encodeText(text string) []byte {
	switch t.ID {
	case idNVarChar:
		return ucs2(text)
	case idVarChar:
		return []byte(text)
	case idGUID:
		b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
		if err != nil || len(b) != 16 {
			return nil
		}
		// The first three groups of the text have their bytes in reverse order.
		slices.Reverse(b[:4])
		slices.Reverse(b[4:6])
		slices.Reverse(b[6:8])
		return b
	case idDecimal: // a sign, 1 for positive, and the digits as an integer
		whole, fraction, _ := strings.Cut(text, ".")
		n, err := strconv.ParseInt(whole+fraction, 10, 64)
		if err != nil || len(fraction) != int(t.Scale) {
			return nil
		}
		if strings.HasPrefix(text, "-") {
			return le.AppendUint64([]byte{0}, uint64(-n))
		}
		return le.AppendUint64([]byte{1}, uint64(n))
	}
	return nil
}

var (
	year1    = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	year1900 = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
)

const lastDate = 3652058 // days from 0001-01-01 to 9999-12-31

// encodeTime writes a time as MS-TDS, "Date/Times", has it: datetimeoffset in UTC with the offset in minutes, the others
// as a clock shows it where the time is. It returns nil for one that the type does not have.
func (t Type) encodeTime(at time.Time) []byte {
	_, offset := at.Zone()
	if at = at.UTC(); t.ID != idDateTimeOffset {
		at = at.Add(time.Duration(offset) * time.Second)
	}
	midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	days := (midnight.Unix() - year1.Unix()) / 86400 // not a Duration, which holds 292 years
	if days < 0 || days > lastDate {
		return nil
	}
	date := le.AppendUint32(nil, uint32(days))[:3]
	clock := le.AppendUint64(nil, uint64(at.Sub(midnight)/tick(t.Scale)))[:timeBytes(t.Scale)]
	switch t.ID {
	case idDate:
		return date
	case idDateTime2:
		return append(clock, date...)
	case idDateTimeOffset:
		return le.AppendUint16(append(clock, date...), uint16(int16(offset/60)))
	case idDateTimeN: // days since 1900 and 300ths of a second
		b := le.AppendUint32(nil, uint32((midnight.Unix()-year1900.Unix())/86400))
		return le.AppendUint32(b, uint32(at.Sub(midnight)*3/(10*time.Millisecond)))
	}
	return nil
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

// decode reads what encode writes, for the types of which go-mssqldb sends parameters.
func (t Type) decode(b []byte) (any, error) {
	fits := t.Size == Max || len(b) <= t.Size
	switch t.ID {
	case idBitN:
		if len(b) == t.Size {
			return b[0] != 0, nil
		}
	case idIntN:
		if len(b) == t.Size {
			return integer(b), nil
		}
	case idFloatN:
		if len(b) == t.Size {
			return math.Float64frombits(le.Uint64(b)), nil
		}
	case idNVarChar:
		if fits && len(b)%2 == 0 {
			return ucs2Text(b), nil
		}
	case idVarChar:
		if fits {
			return string(b), nil // of ASCII, which is the same in every code page
		}
	case idVarBinary:
		if fits {
			return append([]byte{}, b...), nil
		}
	case idDateTimeOffset:
		if at := timeBytes(t.Scale); len(b) == at+5 {
			clock := time.Duration(le.Uint64(append(b[:at:at], make([]byte, 8)...))) * tick(t.Scale)
			days, offset := int(b[at])|int(b[at+1])<<8|int(b[at+2])<<16, int(int16(le.Uint16(b[at+3:])))
			if days <= lastDate && clock < 24*time.Hour {
				return year1.AddDate(0, 0, days).Add(clock).In(time.FixedZone("", offset*60)), nil
			}
		}
	default:
		return nil, fmt.Errorf("tdstest does not read parameters of %s", t)
	}
	return nil, fmt.Errorf("%.20x, %d bytes, is no %s", b, len(b), t)
}

// integer reads one of 1, 2, 4 or 8 bytes. That of 1 byte has no sign.
func integer(b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(b[0])
	case 2:
		return int64(int16(le.Uint16(b)))
	case 4:
		return int64(int32(le.Uint32(b)))
	}
	return int64(le.Uint64(b))
}

const (
	nullSize2    = 0xffff
	nullPieces   = math.MaxUint64
	unknownTotal = math.MaxUint64 - 1
	pieceSize    = 8040 // of the values that the server sends; what a page of SQL Server holds
)

// appendValue writes v, or null for nil, as the rows of a result have it.
func (t Type) appendValue(b []byte, v any) ([]byte, error) {
	var raw []byte
	if v != nil {
		var err error
		if raw, err = t.encode(v); err != nil {
			return b, err
		}
	}
	switch layout := kinds[t.ID].layout; {
	case layout == nothing:
		return b, nil
	case layout != binary2 && layout != text2:
		return append(append(b, byte(len(raw))), raw...), nil
	case t.Size == Max && v == nil:
		return le.AppendUint64(b, nullPieces), nil
	case t.Size == Max:
		return appendPieces(b, raw), nil
	case v == nil:
		return le.AppendUint16(b, nullSize2), nil
	}
	return append(le.AppendUint16(b, uint16(len(raw))), raw...), nil
}

// appendPieces writes a value of a (max) type: MS-TDS, "Partially Length-prefixed Bytes".
func appendPieces(b, raw []byte) []byte {
	b = le.AppendUint64(b, uint64(len(raw)))
	for piece := range slices.Chunk(raw, pieceSize) {
		b = append(le.AppendUint32(b, uint32(len(piece))), piece...)
	}
	return le.AppendUint32(b, 0)
}

// value reads what appendValue writes.
func (r *reader) value(t Type) any {
	raw, null := r.raw(t)
	if null || r.err != nil {
		return nil
	}
	v, err := t.decode(raw)
	if err != nil {
		r.fail(err)
	}
	return v
}

func (r *reader) raw(t Type) (raw []byte, null bool) {
	switch kinds[t.ID].layout {
	case nothing:
		return nil, true
	case binary2, text2:
		if t.Size == Max {
			return r.pieces()
		}
		n := r.u16()
		if n == nullSize2 {
			return nil, true
		}
		return r.bytes(int(n)), false
	}
	n := r.u8()
	return r.bytes(int(n)), n == 0
}

var errNoTotal = errors.New("the pieces of a value are not as long as their total says")

func (r *reader) pieces() (raw []byte, null bool) {
	total := r.u64()
	if total == nullPieces {
		return nil, true
	}
	for r.err == nil {
		n := r.u32()
		if n == 0 {
			break
		}
		raw = append(raw, r.bytes(int(n))...)
	}
	if total != unknownTotal && uint64(len(raw)) != total {
		r.fail(errNoTotal)
	}
	return raw, false
}

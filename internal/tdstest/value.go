package tdstest

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// codecs turn Go values into the bytes of a type and back, by the token of the type.
var codecs = map[byte]struct {
	encode func(Type, any) ([]byte, error)
	decode func(Type, []byte) (any, error)
}{
	idBit: {encodeBit, decodeBit}, idBitN: {encodeBit, decodeBit},
	idIntN: {encodeInt, decodeInt}, idInt1: {encodeInt, decodeInt}, idInt2: {encodeInt, decodeInt},
	idInt4: {encodeInt, decodeInt}, idInt8: {encodeInt, decodeInt},
	idFloatN: {encodeFloat, decodeFloat}, idFloat4: {encodeFloat, decodeFloat}, idFloat8: {encodeFloat, decodeFloat},
	idMoneyN: {encodeMoney, decodeMoney}, idMoney4: {encodeMoney, decodeMoney}, idMoney: {encodeMoney, decodeMoney},
	idDecimal: {encodeDecimal, decodeDecimal}, idNumeric: {encodeDecimal, decodeDecimal},
	idDateTimeN: {encodeDateTime, decodeDateTime},
	idDateTime4: {encodeDateTime, decodeDateTime}, idDateTime8: {encodeDateTime, decodeDateTime},
	idDate: {encodeDate, decodeDate}, idTime: {encodeTime, decodeTime},
	idDateTime2: {encodeDateTime2, decodeDateTime2}, idDateTimeOffset: {encodeDateTimeOffset, decodeDateTimeOffset},
	idGUID:     {encodeGUID, decodeGUID},
	idNVarChar: {encodeText, decodeText}, idNChar: {encodeText, decodeText},
	idVarChar: {encodeText, decodeText}, idChar: {encodeText, decodeText},
	idVarBinary: {encodeBinary, decodeBinary}, idBinary: {encodeBinary, decodeBinary},
}

func encodeBit(_ Type, v any) ([]byte, error) {
	on, err := asBool(v)
	if on {
		return []byte{1}, err
	}
	return []byte{0}, err
}

func decodeBit(_ Type, b []byte) (any, error) { return b[0] != 0, nil }

func encodeInt(t Type, v any) ([]byte, error) {
	n, err := asInt(v)
	if err != nil {
		return nil, err
	}
	least, most := int64(-1)<<(8*t.Size-1), int64(1)<<(8*t.Size-1)-1
	if t.Size == 1 {
		least, most = 0, 255 // tinyint has no sign
	}
	if n < least || n > most {
		return nil, overflow(t)
	}
	return le.AppendUint64(nil, uint64(n))[:t.Size], nil
}

func decodeInt(_ Type, b []byte) (any, error) {
	switch len(b) {
	case 1:
		return int64(b[0]), nil
	case 2:
		return int64(int16(le.Uint16(b))), nil
	case 4:
		return int64(int32(le.Uint32(b))), nil
	}
	return int64(le.Uint64(b)), nil
}

func encodeFloat(t Type, v any) ([]byte, error) {
	f, err := asFloat(v)
	if err != nil {
		return nil, err
	}
	if t.Size == 4 {
		return le.AppendUint32(nil, math.Float32bits(float32(f))), nil
	}
	return le.AppendUint64(nil, math.Float64bits(f)), nil
}

func decodeFloat(_ Type, b []byte) (any, error) {
	if len(b) == 4 {
		return float64(math.Float32frombits(le.Uint32(b))), nil
	}
	return math.Float64frombits(le.Uint64(b)), nil
}

func encodeText(t Type, v any) ([]byte, error) {
	text, err := asText(v)
	if err != nil {
		return nil, err
	}
	b, blank := toCP1252(text), []byte(" ")
	if t.unit() == 2 {
		b, blank = ucs2(text), ucs2(" ")
	}
	if t.ID == idChar || t.ID == idNChar {
		b = append(b, slices.Repeat(blank, max(0, t.Size-len(b))/t.unit())...)
	}
	return t.fit(b)
}

func decodeText(t Type, b []byte) (any, error) {
	if t.unit() == 2 {
		if len(b)%2 != 0 {
			return nil, fmt.Errorf("%s of %d bytes", t, len(b))
		}
		return ucs2Text(b), nil
	}
	return fromCP1252(b), nil
}

func encodeBinary(t Type, v any) ([]byte, error) {
	b, err := asBytes(v)
	if err != nil {
		return nil, err
	}
	if t.ID == idBinary {
		b = append(slices.Clone(b), make([]byte, max(0, t.Size-len(b)))...)
	}
	return t.fit(b)
}

func decodeBinary(_ Type, b []byte) (any, error) { return append([]byte{}, b...), nil }

func (t Type) fit(b []byte) ([]byte, error) {
	if t.Size != Max && len(b) > t.Size {
		return nil, truncated()
	}
	return b, nil
}

const (
	nullSize2    = 0xffff
	nullPieces   = math.MaxUint64
	unknownTotal = math.MaxUint64 - 1
	pieceSize    = 8040 // of the values that the server sends; what a page of SQL Server holds
)

// appendValue writes v, or null for nil, as the rows of a result have it.
func (t Type) appendValue(b []byte, v any) ([]byte, error) {
	k := kinds[t.ID]
	if v == nil {
		switch k.layout {
		case fixed:
			if t.ID == idNull {
				return b, nil
			}
			return b, fmt.Errorf("tdstest: null in a column of %s that is declared never to be null", t)
		case binary2, text2:
			if t.Size == Max {
				return le.AppendUint64(b, nullPieces), nil
			}
			return le.AppendUint16(b, nullSize2), nil
		}
		return append(b, 0), nil
	}
	codec, ok := codecs[t.ID]
	if !ok {
		return b, fmt.Errorf("tdstest: the server cannot send a %s", t)
	}
	raw, err := codec.encode(t, v)
	if err != nil {
		return b, err
	}
	switch k.layout {
	case fixed:
	case binary2, text2:
		if t.Size == Max {
			return appendPieces(b, raw), nil
		}
		b = le.AppendUint16(b, uint16(len(raw)))
	default:
		b = append(b, byte(len(raw)))
	}
	return append(b, raw...), nil
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
	if most := t.bytes(); len(raw) > most || kinds[t.ID].layout != binary2 && kinds[t.ID].layout != text2 && len(raw) != most {
		r.fail(fmt.Errorf("%s of %d bytes", t, len(raw)))
		return nil
	}
	v, err := codecs[t.ID].decode(t, raw)
	if err != nil {
		r.fail(err)
	}
	return v
}

// bytes is the size of the values of the type, at most where they differ.
func (t Type) bytes() int {
	switch t.ID {
	case idDate:
		return 3
	case idTime:
		return timeBytes(t.Scale)
	case idDateTime2:
		return timeBytes(t.Scale) + 3
	case idDateTimeOffset:
		return timeBytes(t.Scale) + 5
	}
	if t.Size == Max {
		return math.MaxInt
	}
	return t.Size
}

var errNoTotal = errors.New("the pieces of a value are not as long as their total says")

func (r *reader) raw(t Type) (raw []byte, null bool) {
	switch kinds[t.ID].layout {
	case fixed:
		return r.bytes(t.Size), t.ID == idNull
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

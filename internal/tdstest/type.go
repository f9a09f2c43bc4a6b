package tdstest

import (
	"fmt"
	"slices"
)

// Type is the type of a column or parameter as TYPE_INFO has it: MS-TDS, "Data Type Definitions". There are those
// that the tests of the driver and of its users need, and no others.
type Type struct {
	ID        byte // the token of the type
	Size      int  // bytes of a value at most; 0 where the type says it, Max for nvarchar(max) and its like
	Precision byte
	Scale     byte
}

// Max is the Size of nvarchar(max), varchar(max) and varbinary(max), whose values come in pieces.
const Max = 0xffff

// Tokens of types.
const (
	idNull           = 0x1f
	idGUID           = 0x24
	idIntN           = 0x26
	idDate           = 0x28
	idDateTime2      = 0x2a
	idDateTimeOffset = 0x2b
	idBitN           = 0x68
	idDecimal        = 0x6a
	idFloatN         = 0x6d
	idDateTimeN      = 0x6f
	idVarBinary      = 0xa5
	idVarChar        = 0xa7
	idNVarChar       = 0xe7
)

// The types that need no size.
var (
	Bit              = Type{ID: idBitN, Size: 1}
	Int              = Type{ID: idIntN, Size: 4}
	BigInt           = Type{ID: idIntN, Size: 8}
	Float            = Type{ID: idFloatN, Size: 8}
	DateTime         = Type{ID: idDateTimeN, Size: 8}
	Date             = Type{ID: idDate}
	UniqueIdentifier = Type{ID: idGUID, Size: 16}
)

// DateTime2 is a date and time with scale digits, 0 to 7, of a second's fraction.
func DateTime2(scale byte) Type { return Type{ID: idDateTime2, Scale: scale} }

// DateTimeOffset is a [DateTime2] with its offset from UTC.
func DateTimeOffset(scale byte) Type { return Type{ID: idDateTimeOffset, Scale: scale} }

// Decimal has precision digits, 1 to 18, of which scale are behind the point.
func Decimal(precision, scale byte) Type {
	return Type{ID: idDecimal, Size: 1 + 8, Precision: precision, Scale: scale}
}

// NVarChar holds n pairs of bytes, that is n characters; 0 is nvarchar(max).
func NVarChar(n int) Type { return sized(idNVarChar, 2*n) }

// VarBinary holds n bytes; 0 is varbinary(max).
func VarBinary(n int) Type { return sized(idVarBinary, n) }

func sized(id byte, bytes int) Type {
	if bytes == 0 {
		bytes = Max
	}
	return Type{ID: id, Size: bytes}
}

// layout is how TYPE_INFO and the values of a type are written.
type layout int

const (
	nothing   layout = iota // no bytes at all
	byteSized               // the size in a byte; of 0 for null
	noSize                  // the same, but TYPE_INFO has no size
	scaled                  // the same, but TYPE_INFO has the scale instead
	precise                 // byteSized with precision and scale
	binary2                 // the size in two bytes, of which 0xffff is null; pieces when the size is Max
	text2                   // the same, with a collation
)

// kinds is what there is to know about a type by its token.
var kinds = map[byte]struct {
	layout layout
	name   string
	sizes  []int // of byteSized; empty: any
}{
	idNull:           {nothing, "null", nil},
	idBitN:           {byteSized, "bit", []int{1}},
	idIntN:           {byteSized, "int", []int{1, 2, 4, 8}},
	idFloatN:         {byteSized, "float", []int{8}},
	idDateTimeN:      {byteSized, "datetime", []int{8}},
	idGUID:           {byteSized, "uniqueidentifier", []int{16}},
	idDecimal:        {precise, "decimal", []int{9}},
	idDate:           {noSize, "date", nil},
	idDateTime2:      {scaled, "datetime2", nil},
	idDateTimeOffset: {scaled, "datetimeoffset", nil},
	idVarBinary:      {binary2, "varbinary", nil},
	idVarChar:        {text2, "varchar", nil},
	idNVarChar:       {text2, "nvarchar", nil},
}

// String returns the type as it is declared: "nvarchar(20)".
func (t Type) String() string {
	k, ok := kinds[t.ID]
	if !ok {
		return fmt.Sprintf("type %#x", t.ID)
	}
	switch k.layout {
	case precise:
		return fmt.Sprintf("%s(%d, %d)", k.name, t.Precision, t.Scale)
	case scaled:
		return fmt.Sprintf("%s(%d)", k.name, t.Scale)
	case binary2, text2:
		switch {
		case t.Size == Max:
			return k.name + "(max)"
		case t.ID == idNVarChar:
			return fmt.Sprintf("%s(%d)", k.name, t.Size/2)
		}
		return fmt.Sprintf("%s(%d)", k.name, t.Size)
	}
	if t.ID == idIntN {
		return map[int]string{1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"}[t.Size]
	}
	return k.name
}

// collation is SQL_Latin1_General_CP1_CI_AS: MS-TDS, "Collation Rule Definition".
var collation = [5]byte{0x09, 0x04, 0xd0, 0x00, 0x34}

func (t Type) appendInfo(b []byte) []byte {
	b = append(b, t.ID)
	switch kinds[t.ID].layout {
	case byteSized:
		b = append(b, byte(t.Size))
	case precise:
		b = append(b, byte(t.Size), t.Precision, t.Scale)
	case scaled:
		b = append(b, t.Scale)
	case binary2:
		b = le.AppendUint16(b, uint16(t.Size))
	case text2:
		b = append(le.AppendUint16(b, uint16(t.Size)), collation[:]...)
	}
	return b
}

// typeInfo reads what appendInfo writes.
func (r *reader) typeInfo() Type {
	t := Type{ID: r.u8()}
	k, ok := kinds[t.ID]
	if !ok {
		r.fail(fmt.Errorf("type %#x is not known to tdstest", t.ID))
		return t
	}
	switch k.layout {
	case byteSized:
		t.Size = int(r.u8())
	case precise:
		t.Size, t.Precision, t.Scale = int(r.u8()), r.u8(), r.u8()
	case scaled:
		t.Scale = r.u8()
		ok = t.Scale <= 7
	case binary2:
		t.Size = int(r.u16())
	case text2:
		t.Size = int(r.u16())
		r.bytes(len(collation))
	}
	if !ok || k.sizes != nil && !slices.Contains(k.sizes, t.Size) {
		r.fail(fmt.Errorf("%s of %d bytes, precision %d and scale %d", k.name, t.Size, t.Precision, t.Scale))
	}
	return t
}

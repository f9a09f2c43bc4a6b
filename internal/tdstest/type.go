package tdstest

import "fmt"

// Type is the type of a column or parameter as TYPE_INFO has it: MS-TDS, "Data Type Definitions".
type Type struct {
	ID        byte // the token of the type
	Size      int  // bytes of a value at most; 0 where the type says it, Max for varchar(max) and its like
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
	idTime           = 0x29
	idDateTime2      = 0x2a
	idDateTimeOffset = 0x2b
	idInt1           = 0x30
	idBit            = 0x32
	idInt2           = 0x34
	idInt4           = 0x38
	idDateTime4      = 0x3a
	idFloat4         = 0x3b
	idMoney          = 0x3c
	idDateTime8      = 0x3d
	idFloat8         = 0x3e
	idBitN           = 0x68
	idDecimal        = 0x6a
	idNumeric        = 0x6c
	idFloatN         = 0x6d
	idMoneyN         = 0x6e
	idDateTimeN      = 0x6f
	idMoney4         = 0x7a
	idInt8           = 0x7f
	idVarBinary      = 0xa5
	idVarChar        = 0xa7
	idBinary         = 0xad
	idChar           = 0xaf
	idNVarChar       = 0xe7
	idNChar          = 0xef
	idTable          = 0xf3
)

// The types that need no size.
var (
	Bit              = Type{ID: idBitN, Size: 1}
	TinyInt          = Type{ID: idIntN, Size: 1}
	SmallInt         = Type{ID: idIntN, Size: 2}
	Int              = Type{ID: idIntN, Size: 4}
	BigInt           = Type{ID: idIntN, Size: 8}
	Real             = Type{ID: idFloatN, Size: 4}
	Float            = Type{ID: idFloatN, Size: 8}
	SmallMoney       = Type{ID: idMoneyN, Size: 4}
	Money            = Type{ID: idMoneyN, Size: 8}
	SmallDateTime    = Type{ID: idDateTimeN, Size: 4}
	DateTime         = Type{ID: idDateTimeN, Size: 8}
	Date             = Type{ID: idDate}
	UniqueIdentifier = Type{ID: idGUID, Size: 16}
)

// Time is a time of the day with scale digits, 0 to 7, of a second's fraction.
func Time(scale byte) Type { return Type{ID: idTime, Scale: scale} }

// DateTime2 is a date with a [Time].
func DateTime2(scale byte) Type { return Type{ID: idDateTime2, Scale: scale} }

// DateTimeOffset is a [DateTime2] with its offset from UTC.
func DateTimeOffset(scale byte) Type { return Type{ID: idDateTimeOffset, Scale: scale} }

// Decimal has precision digits, 1 to 38, of which scale are behind the point.
func Decimal(precision, scale byte) Type {
	return Type{ID: idDecimal, Size: 1 + decimalBytes(precision), Precision: precision, Scale: scale}
}

// NVarChar holds n pairs of bytes, that is n characters; 0 is nvarchar(max).
func NVarChar(n int) Type { return sized(idNVarChar, 2*n) }

// VarChar holds n bytes of code page 1252; 0 is varchar(max).
func VarChar(n int) Type { return sized(idVarChar, n) }

// VarBinary holds n bytes; 0 is varbinary(max).
func VarBinary(n int) Type { return sized(idVarBinary, n) }

// NChar is NVarChar filled up with blanks.
func NChar(n int) Type { return sized(idNChar, 2*n) }

// Char is VarChar filled up with blanks.
func Char(n int) Type { return sized(idChar, n) }

// Binary is VarBinary filled up with zeros.
func Binary(n int) Type { return sized(idBinary, n) }

func sized(id byte, bytes int) Type {
	if bytes == 0 {
		bytes = Max
	}
	return Type{ID: id, Size: bytes}
}

// layout is how TYPE_INFO and the values of a type are written.
type layout int

const (
	fixed     layout = iota // nothing but the value, which is never null
	byteSized               // the size in a byte; of 0 for null
	noSize                  // the same, but TYPE_INFO has no size
	scaled                  // the same, but TYPE_INFO has the scale instead
	precise                 // byteSized with precision and scale
	binary2                 // the size in two bytes, of which 0xffff is null; pieces when the size is Max
	text2                   // the same, with a collation
	table                   // a table as a parameter
)

// kinds is what there is to know about a type by its token.
var kinds = map[byte]struct {
	layout layout
	names  map[int]string // by size; 0 stands for every size
}{
	idNull:           {fixed, map[int]string{0: "null"}},
	idInt1:           {fixed, map[int]string{0: "tinyint"}},
	idBit:            {fixed, map[int]string{0: "bit"}},
	idInt2:           {fixed, map[int]string{0: "smallint"}},
	idInt4:           {fixed, map[int]string{0: "int"}},
	idInt8:           {fixed, map[int]string{0: "bigint"}},
	idFloat4:         {fixed, map[int]string{0: "real"}},
	idFloat8:         {fixed, map[int]string{0: "float"}},
	idMoney4:         {fixed, map[int]string{0: "smallmoney"}},
	idMoney:          {fixed, map[int]string{0: "money"}},
	idDateTime4:      {fixed, map[int]string{0: "smalldatetime"}},
	idDateTime8:      {fixed, map[int]string{0: "datetime"}},
	idGUID:           {byteSized, map[int]string{16: "uniqueidentifier"}},
	idBitN:           {byteSized, map[int]string{1: "bit"}},
	idIntN:           {byteSized, map[int]string{1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"}},
	idFloatN:         {byteSized, map[int]string{4: "real", 8: "float"}},
	idMoneyN:         {byteSized, map[int]string{4: "smallmoney", 8: "money"}},
	idDateTimeN:      {byteSized, map[int]string{4: "smalldatetime", 8: "datetime"}},
	idDecimal:        {precise, map[int]string{0: "decimal"}},
	idNumeric:        {precise, map[int]string{0: "numeric"}},
	idDate:           {noSize, map[int]string{0: "date"}},
	idTime:           {scaled, map[int]string{0: "time"}},
	idDateTime2:      {scaled, map[int]string{0: "datetime2"}},
	idDateTimeOffset: {scaled, map[int]string{0: "datetimeoffset"}},
	idVarBinary:      {binary2, map[int]string{0: "varbinary"}},
	idBinary:         {binary2, map[int]string{0: "binary"}},
	idVarChar:        {text2, map[int]string{0: "varchar"}},
	idChar:           {text2, map[int]string{0: "char"}},
	idNVarChar:       {text2, map[int]string{0: "nvarchar"}},
	idNChar:          {text2, map[int]string{0: "nchar"}},
	idTable:          {table, map[int]string{0: "table"}},
}

// String returns the type as it is declared: "nvarchar(20)".
func (t Type) String() string {
	k, ok := kinds[t.ID]
	if !ok {
		return fmt.Sprintf("type %#x", t.ID)
	}
	name := k.names[t.Size]
	if name == "" {
		name = k.names[0]
	}
	switch k.layout {
	case precise:
		return fmt.Sprintf("%s(%d, %d)", name, t.Precision, t.Scale)
	case scaled:
		return fmt.Sprintf("%s(%d)", name, t.Scale)
	case binary2, text2:
		if t.Size == Max {
			return name + "(max)"
		}
		return fmt.Sprintf("%s(%d)", name, t.Size/t.unit())
	}
	return name
}

// unit is the number of bytes that a character has in the type's declaration.
func (t Type) unit() int {
	if t.ID == idNVarChar || t.ID == idNChar {
		return 2
	}
	return 1
}

// notNull are the types that SQL Server uses for a column that is never null.
var notNull = map[Type]Type{
	Bit: {ID: idBit, Size: 1}, TinyInt: {ID: idInt1, Size: 1}, SmallInt: {ID: idInt2, Size: 2},
	Int: {ID: idInt4, Size: 4}, BigInt: {ID: idInt8, Size: 8}, Real: {ID: idFloat4, Size: 4}, Float: {ID: idFloat8, Size: 8},
	SmallMoney: {ID: idMoney4, Size: 4}, Money: {ID: idMoney, Size: 8},
	SmallDateTime: {ID: idDateTime4, Size: 4}, DateTime: {ID: idDateTime8, Size: 8},
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

func (r *reader) typeInfo() Type {
	t := Type{ID: r.u8()}
	k, ok := kinds[t.ID]
	if !ok {
		r.fail(fmt.Errorf("type %#x is not known", t.ID))
		return t
	}
	switch k.layout {
	case fixed:
		for nullable, never := range notNull {
			if never.ID == t.ID {
				t.Size = nullable.Size
			}
		}
	case byteSized:
		t.Size = int(r.u8())
		ok = k.names[t.Size] != ""
	case precise:
		t.Size, t.Precision, t.Scale = int(r.u8()), r.u8(), r.u8()
		ok = t.Size == 1+decimalBytes(t.Precision) && t.Precision <= 38 && t.Scale <= t.Precision
	case scaled:
		t.Scale = r.u8()
		ok = t.Scale <= 7
	case binary2:
		t.Size = int(r.u16())
	case text2:
		t.Size = int(r.u16())
		r.bytes(len(collation))
	}
	if !ok {
		r.fail(fmt.Errorf("%s of %d bytes, precision %d and scale %d", k.names[0], t.Size, t.Precision, t.Scale))
	}
	return t
}

package tdstest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var typeForm = regexp.MustCompile(`^\s*\[?(\w+(?: precision| varying)?)\]?\s*(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?\s*$`)

var plainTypes = map[string]Type{
	"bit": Bit, "tinyint": TinyInt, "smallint": SmallInt, "int": Int, "integer": Int, "bigint": BigInt, "real": Real,
	"double precision": Float, "smallmoney": SmallMoney, "money": Money, "smalldatetime": SmallDateTime,
	"datetime": DateTime, "date": Date, "uniqueidentifier": UniqueIdentifier, "sysname": NVarChar(128),
	"text": VarChar(0), "ntext": NVarChar(0), "image": VarBinary(0),
}

var sizedTypes = map[string]struct {
	most int // bytes or characters that can be declared
	of   func(n int) Type
}{
	"nvarchar": {4000, NVarChar}, "varchar": {8000, VarChar}, "varbinary": {8000, VarBinary},
	"nchar": {4000, NChar}, "char": {8000, Char}, "binary": {8000, Binary},
}

var scaledTypes = map[string]func(scale byte) Type{
	"time": Time, "datetime2": DateTime2, "datetimeoffset": DateTimeOffset,
}

// ParseType reads a declaration such as "decimal(18, 4)". text, ntext and image are taken for the types that
// replaced them, and what is left out has the default that it has in CREATE TABLE.
func ParseType(declaration string) (Type, error) {
	bad := func() (Type, error) { return Type{}, fmt.Errorf("%q is not a type", declaration) }
	m := typeForm.FindStringSubmatch(strings.ToLower(declaration))
	if m == nil {
		return bad()
	}
	name, first, second := m[1], m[2], m[3]
	number := func(s string, fallback, least, most int) (int, bool) {
		if s == "" {
			return fallback, true
		}
		n, err := strconv.Atoi(s)
		return n, err == nil && n >= least && n <= most
	}

	if t, ok := plainTypes[name]; ok && first == "" {
		return t, nil
	}
	if sizedType, ok := sizedTypes[name]; ok && second == "" {
		if first == "max" && strings.Contains(name, "var") {
			return sizedType.of(0), nil
		}
		n, ok := number(first, 1, 1, sizedType.most)
		if !ok {
			return bad()
		}
		return sizedType.of(n), nil
	}
	if scaledType, ok := scaledTypes[name]; ok && second == "" {
		n, ok := number(first, 7, 0, 7)
		if !ok {
			return bad()
		}
		return scaledType(byte(n)), nil
	}
	switch name {
	case "decimal", "numeric", "dec":
		p, ok := number(first, 18, 1, 38)
		s, fits := number(second, 0, 0, p)
		if !ok || !fits {
			return bad()
		}
		t := Decimal(byte(p), byte(s))
		if name == "numeric" {
			t.ID = idNumeric
		}
		return t, nil
	case "float":
		n, ok := number(first, 53, 1, 53)
		if !ok || second != "" {
			return bad()
		}
		if n <= 24 {
			return Real, nil
		}
		return Float, nil
	}
	return bad()
}

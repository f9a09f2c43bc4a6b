package tdstest

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// decimalBytes is the number of bytes of the integer in a decimal: MS-TDS, "Decimal/Numeric".
func decimalBytes(precision byte) int {
	switch {
	case precision <= 9:
		return 4
	case precision <= 19:
		return 8
	case precision <= 28:
		return 12
	}
	return 16
}

// scaledInteger reads a number and gives it times ten to the power of scale, rounded half away from zero.
func scaledInteger(text string, scale byte) (*big.Int, error) {
	number, ok := new(big.Rat).SetString(strings.TrimSpace(text))
	if !ok || strings.ContainsAny(text, "/_xXpP") { // which Rat takes and SQL does not
		return nil, conversionFailed(text, "numeric")
	}
	number.Mul(number, new(big.Rat).SetInt(powerOfTen(scale)))
	twice := new(big.Int).Mul(new(big.Int).Abs(number.Num()), big.NewInt(2))
	twice.Add(twice, number.Denom())
	whole := twice.Quo(twice, new(big.Int).Mul(number.Denom(), big.NewInt(2)))
	if number.Sign() < 0 {
		whole.Neg(whole)
	}
	return whole, nil
}

func powerOfTen(n byte) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// decimalText is the inverse of scaledInteger.
func decimalText(n *big.Int, scale byte) string {
	digits := fmt.Sprintf("%0*s", int(scale)+1, new(big.Int).Abs(n))
	if scale > 0 {
		point := len(digits) - int(scale)
		digits = digits[:point] + "." + digits[point:]
	}
	if n.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

// encodeDecimal gives a sign, 1 for positive, and the integer in little-endian order.
func encodeDecimal(t Type, v any) ([]byte, error) {
	text, err := asNumber(v)
	if err != nil {
		return nil, err
	}
	n, err := scaledInteger(text, t.Scale)
	if err != nil {
		return nil, err
	}
	if n.CmpAbs(powerOfTen(t.Precision)) >= 0 {
		return nil, overflow(t)
	}
	b := make([]byte, t.Size)
	n.FillBytes(b[1:])
	slices.Reverse(b[1:])
	if n.Sign() >= 0 {
		b[0] = 1
	}
	return b, nil
}

func decodeDecimal(t Type, b []byte) (any, error) {
	digits := slices.Clone(b[1:])
	slices.Reverse(digits)
	n := new(big.Int).SetBytes(digits)
	if b[0] == 0 {
		n.Neg(n)
	}
	return decimalText(n, t.Scale), nil
}

// moneyScale is that of money, which is a whole number of ten-thousandths: MS-TDS, "Fixed-Point Numbers".
const moneyScale = 4

func encodeMoney(t Type, v any) ([]byte, error) {
	text, err := asNumber(v)
	if err != nil {
		return nil, err
	}
	n, err := scaledInteger(text, moneyScale)
	if err != nil {
		return nil, err
	}
	switch most := int64(1)<<(8*t.Size-1) - 1; {
	case !n.IsInt64() || n.Int64() > most || n.Int64() < -most-1:
		return nil, overflow(t)
	case t.Size == 4:
		return le.AppendUint32(nil, uint32(n.Int64())), nil
	}
	b := le.AppendUint32(nil, uint32(n.Int64()>>32)) // the upper half comes first
	return le.AppendUint32(b, uint32(n.Int64())), nil
}

func decodeMoney(_ Type, b []byte) (any, error) {
	n := int64(int32(le.Uint32(b)))
	if len(b) == 8 {
		n = n<<32 | int64(le.Uint32(b[4:]))
	}
	return decimalText(big.NewInt(n), moneyScale), nil
}

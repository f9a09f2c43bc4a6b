package tdstest

import (
	"slices"
	"strings"
)

// cp1252 is what code page 1252 has at 0x80 to 0x9f; elsewhere it is Latin-1.
// https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WindowsBestFit/bestfit1252.txt
var cp1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

// toCP1252 writes a text for varchar. What the code page lacks becomes a question mark, as in SQL Server.
func toCP1252(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if i := slices.Index(cp1252, r); i >= 0 {
			r = rune(0x80 + i)
		} else if r > 0xff || 0x80 <= r && r < 0xa0 {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}

func fromCP1252(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		r := rune(c)
		if 0x80 <= c && c < 0xa0 {
			r = cp1252[c-0x80]
		}
		s.WriteRune(r)
	}
	return s.String()
}

package rows

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Width is the number of a terminal's columns that a text takes up: two for each East Asian character and most emoji, none for
// a combining mark. https://www.unicode.org/reports/tr11/
func Width(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(text)
		}
	}
	return len(text)
}

// Cut shortens a text to a width, with … as its end.
func Cut(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	var b strings.Builder
	taken, rest, state := 0, text, -1
	for rest != "" {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if taken+w > width-1 {
			break
		}
		taken += w
		b.WriteString(cluster)
	}
	return b.String() + "…"
}

// hidden reports whether a terminal does not show a character, or acts upon it. A zero-width joiner is part of many emoji.
func hidden(r rune) bool { return !unicode.IsPrint(r) && r != '\u200d' }

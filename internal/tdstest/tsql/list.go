package tsql

import (
	"strings"

	"github.com/patchbay-go/patchbay/internal/tdstest/lex"
)

// list is SQL without white space and comments.
type list []lex.Piece

func parse(sql string) list {
	var l list
	for _, p := range lex.Pieces(sql) {
		if p.Kind != lex.Space {
			l = append(l, p)
		}
	}
	return l
}

// String returns the SQL, with a blank between any two pieces.
func (l list) String() string {
	words := make([]string, len(l))
	for i, p := range l {
		words[i] = p.Text
	}
	return strings.Join(words, " ")
}

// at returns the piece at i, or an empty one where there is none.
func (l list) at(i int) lex.Piece {
	if i < 0 || i >= len(l) {
		return lex.Piece{}
	}
	return l[i]
}

// is reports whether these words stand at i; "|" separates alternatives of one.
func (l list) is(i int, words ...string) bool {
	for n, w := range words {
		if !l.at(i + n).Is(strings.Split(w, "|")...) {
			return false
		}
	}
	return true
}

// closing returns the index of the bracket that closes the one at open, or that of the end.
func (l list) closing(open int) int {
	depth := 0
	for i := open; i < len(l); i++ {
		switch {
		case l[i].Is("("):
			depth++
		case l[i].Is(")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(l)
}

// find returns the index of the first of these words from i on that is in no brackets, or that of the end.
func (l list) find(i int, words ...string) int {
	for ; i < len(l); i++ {
		if l[i].Is("(") {
			i = l.closing(i)
		} else if l[i].Is(words...) {
			return i
		}
	}
	return len(l)
}

// items cuts a list at the commas that are in no brackets.
func (l list) items() []list {
	var items []list
	for start := 0; start < len(l); {
		end := l.find(start, ",")
		items = append(items, l[start:end:end])
		start = end + 1
	}
	return items
}

// splice returns l with what is from start to end replaced.
func (l list) splice(start, end int, by list) list {
	out := append(list(nil), l[:start]...)
	out = append(out, by...)
	return append(out, l[min(end, len(l)):]...)
}

// Package lex cuts T-SQL into pieces: far enough to find the statements of a batch and the words of a statement
// whatever is quoted or commented, and no further. The scripted server and its back end call it; it knows no
// grammar, and never fails.
package lex

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what a piece is.
type Kind int

// The kinds of pieces.
const (
	Space  Kind = iota // white space and comments
	Word               // a keyword, name or variable
	Number             // with its point and exponent, or hexadecimal
	Quoted             // a name in brackets or double quotes
	Text               // a string, with the N before it if it has one
	Symbol             // an operator or bracket
)

// Piece is a piece of SQL. All pieces together are the SQL.
type Piece struct {
	Kind Kind
	Text string
}

// Is reports whether the piece is one of these keywords, in whatever case, or one of these symbols.
func (p Piece) Is(words ...string) bool {
	if p.Kind == Word || p.Kind == Symbol {
		for _, w := range words {
			if strings.EqualFold(p.Text, w) {
				return true
			}
		}
	}
	return false
}

// Pieces cuts sql. What is opened and not closed goes on to the end.
func Pieces(sql string) []Piece {
	var list []Piece
	for sql != "" {
		p := next(sql)
		list = append(list, p)
		sql = sql[len(p.Text):]
	}
	return list
}

var (
	number = regexp.MustCompile(`^(?:0[xX][0-9a-fA-F]*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)`)
	double = regexp.MustCompile(`^(?:<=|>=|<>|!=|!<|!>|\|\||::|[-+*/%&|^]=)`)
)

func next(sql string) Piece {
	switch {
	case strings.HasPrefix(sql, "--"):
		return Piece{Space, upTo(sql, "\n")}
	case strings.HasPrefix(sql, "/*"):
		return Piece{Space, comment(sql)}
	case sql[0] == '[':
		return Piece{Quoted, quoted(sql, "[", ']')}
	case sql[0] == '"':
		return Piece{Quoted, quoted(sql, `"`, '"')}
	case sql[0] == '\'':
		return Piece{Text, quoted(sql, "'", '\'')}
	case len(sql) > 1 && (sql[0] == 'N' || sql[0] == 'n') && sql[1] == '\'':
		return Piece{Text, quoted(sql, sql[:2], '\'')}
	}
	if n := span(sql, unicode.IsSpace); n > 0 {
		return Piece{Space, sql[:n]}
	}
	if m := number.FindString(sql); m != "" {
		return Piece{Number, m}
	}
	if n := span(sql, isWord); n > 0 {
		return Piece{Word, sql[:n]}
	}
	if m := double.FindString(sql); m != "" {
		return Piece{Symbol, m}
	}
	_, n := utf8.DecodeRuneInString(sql)
	return Piece{Symbol, sql[:n]}
}

func isWord(r rune) bool {
	return r == '_' || r == '@' || r == '#' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func span(s string, in func(rune) bool) int {
	for i, r := range s {
		if !in(r) {
			return i
		}
	}
	return len(s)
}

func upTo(s, end string) string {
	if i := strings.Index(s, end); i >= 0 {
		return s[:i+len(end)]
	}
	return s
}

// quoted is the text up to the closing quote; one that is doubled does not close.
func quoted(s, open string, end byte) string {
	for i := len(open); i < len(s); i++ {
		if s[i] != end {
			continue
		}
		if i+1 < len(s) && s[i+1] == end {
			i++
			continue
		}
		return s[:i+1]
	}
	return s
}

// comment is the text up to the end of a comment, in which there may be others.
func comment(s string) string {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			if depth--; depth == 0 {
				return s[:i+2]
			}
			i++
		}
	}
	return s
}

// Statements cuts a batch at its semicolons. What is empty but for space and comments is left out.
func Statements(sql string) []string {
	var list []string
	var b strings.Builder
	full := false
	end := func() {
		if full {
			list = append(list, strings.TrimSpace(b.String()))
		}
		b.Reset()
		full = false
	}
	for _, p := range Pieces(sql) {
		if p.Is(";") {
			end()
			continue
		}
		full = full || p.Kind != Space
		b.WriteString(p.Text)
	}
	end()
	return list
}

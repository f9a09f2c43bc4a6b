package conn

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// How many bytes of each part of an error are printed: 2,000 in all.
const (
	mostOfCause = 1100
	mostOfRest  = 400 // of what was to be opened, and of the hint
)

const cutMark = " ... "

// line makes one line of a text, of at most the given number of bytes: what servers say may have several, be as long as
// a statement, and hold what moves the cursor of a terminal. The start and the end stay.
func line(text string, most int) string {
	text = strings.Trim(text, " \t\r\n")
	if len(text) > 2*most { // so that little is escaped in vain
		text = text[:most] + cutMark + text[len(text)-most:]
	}
	var b strings.Builder
	ended := false // a line, and the next has not begun
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		piece := text[:size]
		text = text[size:]
		before := ended
		ended = r == '\r' || r == '\n' || ended && (r == ' ' || r == '\t')
		switch {
		case ended && before:
			continue
		case ended:
			piece = "; "
		case !strconv.IsPrint(r) || r == utf8.RuneError && size == 1:
			piece = strconv.Quote(piece)
			piece = piece[1 : len(piece)-1]
		}
		b.WriteString(piece)
	}
	return shorten(b.String(), most)
}

// shorten cuts the middle out of a text that is too long.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	start := (most - len(cutMark)) / 2
	end := len(text) - (most - len(cutMark) - start)
	for start > 0 && !utf8.RuneStart(text[start]) {
		start--
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	return text[:start] + cutMark + text[end:]
}

// shownError prints as a line.
type shownError struct{ error }

// shown returns err as events hold it: nil for nil.
func shown(err error) error {
	if err == nil {
		return nil
	}
	return &shownError{err}
}

func (e *shownError) Error() string { return line(e.error.Error(), mostOfCause) }
func (e *shownError) Unwrap() error { return e.error }

// MarshalText returns what Error returns, as that of [Error].
func (e *shownError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

package main

import "strings"

// counting are the statements that return a number of rows and no rows, unless they have one of yielding in
// them. database/sql tells that number only if the statement is run with Exec, which drops the rows of any other.
var (
	counting = words("delete insert load merge replace update")
	yielding = words("output returning")
)

func words(list string) map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(list) {
		set[word] = true
	}
	return set
}

// counts reports whether a statement certainly returns a number of rows and no rows. It reads only so much of
// SQL as all dialects share; where it cannot tell, the statement is run as a query, which costs the number.
func counts(sql string) bool {
	s := scanner{rest: strings.ToLower(sql)}
	verb, ended := "", false
	for {
		word, afterParen, ok := s.next()
		switch {
		case !ok:
			return counting[verb]
		case word == ";":
			ended = true
		case ended, yielding[word]:
			return false
		case verb == "", verb == "with" && afterParen && word != "as" && word != ",":
			verb = word
		}
	}
}

// scanner finds the words of a statement that are in no parentheses, quotes or comments. Commas and semicolons
// are words.
type scanner struct {
	rest  string
	depth int
	paren bool // the last thing outside of parentheses was a closing one
}

// skipped are the pieces in which nothing is a word, by how they start, and how they end.
var skipped = []struct{ start, end string }{
	{"--", "\n"}, {"/*", "*/"}, {"'", "'"}, {`"`, `"`}, {"`", "`"},
}

func (s *scanner) next() (word string, afterParen, ok bool) {
scan:
	for s.rest != "" {
		for _, skip := range skipped {
			if after, found := strings.CutPrefix(s.rest, skip.start); found {
				_, s.rest, _ = strings.Cut(after, skip.end)
				continue scan
			}
		}
		n := 0
		for n < len(s.rest) && inWord(s.rest[n]) {
			n++
		}
		n = max(n, 1)
		word, s.rest = s.rest[:n], s.rest[n:]
		switch {
		case word == "(":
			s.depth++
		case word == ")":
			s.depth--
			s.paren = s.depth == 0
		case s.depth == 0 && (inWord(word[0]) || word == "," || word == ";"):
			afterParen, s.paren = s.paren, false
			return word, afterParen, true
		}
	}
	return "", false, false
}

func inWord(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c >= 0x80
}

// Package spell finds the name that a mistyped one was meant to be. Code that rejects a name calls it, so that
// the error can suggest another. It never corrects anything itself.
package spell

import "strings"

// Nearest returns the candidate that word is most likely a typing mistake for, ignoring case, or "" when
// none is close enough: one mistake in a word of up to four bytes, two in a longer one. A mistake is a letter too
// many, too few, wrong, or swapped with its neighbor. Of candidates that are equally close it returns the first.
func Nearest(word string, candidates []string) string {
	best, limit := "", 3
	if len(word) < 5 {
		limit = 2
	}
	word = strings.ToLower(word)
	for _, c := range candidates {
		if d := distance(word, strings.ToLower(c), limit); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// distance returns the optimal string alignment distance of a and b, or limit if their lengths alone tell that it
// is not below that. See https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance.
func distance(a, b string, limit int) int {
	if max(len(a), len(b))-min(len(a), len(b)) >= limit {
		return limit
	}
	// Three rows of the table: row[j] is the distance of a[:i] and b[:j], above is the row of i-1, top that of i-2.
	top, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		top, above, row = above, row, top
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], top[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

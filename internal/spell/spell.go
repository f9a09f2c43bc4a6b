// Package spell finds the name that was meant when one was mistyped. Whoever rejects a name asks it, so that
// the error can suggest another. It never corrects anything itself.
package spell

import "strings"

// Nearest returns the candidate that word is most likely a typing mistake for, ignoring case, or "" when
// none is close enough: one slip for a short word, two for a longer one. A slip is a letter too many, too
// few, wrong, or swapped with its neighbour.
func Nearest(word string, candidates []string) string {
	best, slips := "", 3
	if len(word) < 5 {
		slips = 2
	}
	word = strings.ToLower(word)
	for _, c := range candidates {
		if d := distance(word, strings.ToLower(c)); d < slips {
			best, slips = c, d
		}
	}
	return best
}

// distance is the optimal string alignment distance of a and b.
// https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance
func distance(a, b string) int {
	const longest = 64 // no name is longer
	if max(len(a), len(b)) > longest {
		return longest
	}
	var rows [longest + 1][longest + 1]uint8
	for i := range rows {
		rows[i][0], rows[0][i] = uint8(i), uint8(i)
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			wrong := uint8(1)
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return int(rows[len(a)][len(b)])
}

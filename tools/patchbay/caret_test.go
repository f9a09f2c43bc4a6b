//go:build postgres || mssql || alldrivers

package main

import (
	"slices"
	"strings"
	"testing"
)

func TestACaretPointsAtThePosition(t *testing.T) {
	for _, c := range []struct {
		sql      string
		position int
		want     []string
	}{
		{"select x", 8, []string{"LINE 1: select x", "               ^"}},
		{"select 1;\nselect '語', x\nfrom t", 23, []string{"LINE 2: select '語', x", "                     ^"}},
		{"\tselect\tx\x1b", 9, []string{"LINE 1:  select x", "                ^"}},
		{"select", 7, []string{"LINE 1: select", "              ^"}},
		{strings.Repeat("a", 50) + "x" + strings.Repeat("b", 50), 51, []string{"LINE 1: …" + strings.Repeat("a", 40) + "x" + strings.Repeat("b", 39) + "…", strings.Repeat(" ", 49) + "^"}},
		{"select", 0, nil},
		{"select", 99, nil},
	} {
		if got := caret(c.sql, c.position); !slices.Equal(got, c.want) {
			t.Errorf("%q at %d: got\n%s\nwant\n%s", c.sql, c.position, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	if got := lineOf("a\n  b\x00\nc", 2); !slices.Equal(got, []string{"LINE 2: b"}) || lineOf("a", 1) != nil || lineOf("a\nb", 3) != nil {
		t.Errorf("got %q", got)
	}
}

//go:build postgres || mssql || alldrivers

package main

import (
	"fmt"
	"strings"

	"github.com/patchbay-go/patchbay/tools/internal/rows"
)

// detailed is an error with lines to print below it.
type detailed struct {
	error
	lines []string
}

func (e *detailed) Unwrap() error     { return e.error }
func (e *detailed) details() []string { return e.lines }

// around is how much of a line is shown before and after a position in it, in characters.
const around = 40

// caret shows the line of a position, which counts characters from 1, and points at it. It shows none for 0.
func caret(sql string, position int) []string {
	runes := []rune(sql)
	if position < 1 || position > len(runes)+1 {
		return nil
	}
	at := position - 1
	start := at
	for start > 0 && runes[start-1] != '\n' {
		start--
	}
	end := at
	for end < len(runes) && runes[end] != '\n' {
		end++
	}
	before, after := runes[start:at], runes[at:end]
	left, right := "", ""
	if len(before) > around {
		before, left = before[len(before)-around:], "…"
	}
	if len(after) > around {
		after, right = after[:around], "…"
	}
	label := fmt.Sprintf("LINE %d: ", strings.Count(string(runes[:at]), "\n")+1)
	head := label + left + strings.Map(blank, string(before))
	return []string{
		head + strings.TrimRight(strings.Map(blank, string(after))+right, " "),
		strings.Repeat(" ", rows.Width(head)) + "^",
	}
}

// lineOf shows a line of SQL, counted from 1, if it has several.
func lineOf(sql string, number int) []string {
	lines := strings.Split(sql, "\n")
	if number < 1 || number > len(lines) || len(lines) == 1 {
		return nil
	}
	return []string{fmt.Sprintf("LINE %d: %s", number, strings.TrimSpace(strings.Map(blank, lines[number-1])))}
}

// blank is a character for each that a terminal does not show as one.
func blank(r rune) rune {
	if shown := oneLine("x" + string(r) + "x"); len([]rune(shown)) != 3 || []rune(shown)[1] != r {
		return ' '
	}
	return r
}

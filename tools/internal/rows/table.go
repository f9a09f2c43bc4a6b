package rows

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// page is the number of rows that a table looks at to find the width of its columns. Later pages may only make
// them wider, so that a result of any length is written in bounded memory.
const page = 1000

// narrowest is the width below which the columns of a table that is too wide for the terminal are not cut: it is expanded then.
const narrowest = 12

// table writes columns for reading: NULL bare, and in quotes every text that is empty, could be taken for NULL
// or for bytes, begins or ends with a space, or holds what a terminal does not show.
type table struct {
	*bufio.Writer
	opts     Options
	sets     int
	names    []string
	widths   []int
	numeric  []bool // columns that held numbers only, so far
	page     [][]Cell
	count    int
	headed   bool
	expanded bool
}

func (t *table) Header(names []string) error {
	t.separate()
	*t = table{Writer: t.Writer, opts: t.opts, sets: t.sets, widths: make([]int, len(names)), numeric: make([]bool, len(names)), expanded: t.opts.Expanded}
	for i, name := range names {
		name = shown(name)
		t.names = append(t.names, name)
		if !t.opts.NoHeader {
			t.widths[i] = Width(name)
		}
		t.numeric[i] = true
	}
	return nil
}

func (t *table) Row(cells []Cell) error {
	row := make([]Cell, len(cells))
	for i, c := range cells {
		if c.Kind == Text || c.Kind == JSON {
			c.Text = shown(c.Text)
		}
		t.numeric[i] = t.numeric[i] && (c.Kind == Number || c.Kind == Null)
		t.widths[i] = max(t.widths[i], Width(c.Text))
		row[i] = c
	}
	t.page = append(t.page, row)
	t.count++
	if len(t.page) == page {
		t.flushPage()
	}
	return nil // of the buffered writer, which Flush returns
}

func (t *table) End() error {
	t.flushPage()
	if !t.opts.NoHeader {
		fmt.Fprintf(t, "(%s)\n", counted(int64(t.count)))
	}
	return t.Flush()
}

func (t *table) Affected(n int64) error {
	t.separate()
	fmt.Fprintln(t, counted(n), "affected")
	return t.Flush()
}

func (t *table) Done() error {
	t.separate()
	fmt.Fprintln(t, "done")
	return t.Flush()
}

func (t *table) separate() {
	if t.sets++; t.sets > 1 {
		fmt.Fprintln(t)
	}
}

// fit makes the columns narrow enough for the terminal. A table for which they would be too narrow to read becomes expanded.
func (t *table) fit() {
	if t.opts.Width <= 0 || t.expanded {
		return
	}
	total := func(most int) int {
		sum := 2 * (len(t.widths) - 1)
		for _, w := range t.widths {
			sum += min(w, most)
		}
		return sum
	}
	most := slices.Max(t.widths)
	for total(most) > t.opts.Width && most >= narrowest {
		most--
	}
	switch {
	case total(most) <= t.opts.Width:
		for i, w := range t.widths {
			t.widths[i] = min(w, most)
		}
	case !t.headed && t.count > 0:
		t.expanded = true
	}
}

func (t *table) flushPage() {
	if len(t.names) > 0 {
		t.fit()
	}
	first := t.count - len(t.page) + 1
	if t.expanded {
		for i, row := range t.page {
			t.expand(first+i, row)
		}
		t.page = t.page[:0]
		return
	}
	if !t.headed && !t.opts.NoHeader {
		rule := make([]string, len(t.names))
		for i, w := range t.widths {
			rule[i] = strings.Repeat("-", w)
		}
		t.line(t.names, func(i int) bool { return t.count > 0 && t.numeric[i] }, func(int) string { return bold })
		t.line(rule, func(int) bool { return false }, func(int) string { return "" })
	}
	t.headed = true
	texts := make([]string, len(t.names))
	for _, row := range t.page {
		for i, c := range row {
			texts[i] = c.Text
		}
		t.line(texts, func(i int) bool { return row[i].Kind == Number }, func(i int) string { return colorOf(row[i]) })
	}
	t.page = t.page[:0]
}

// expand writes a row with a line for each value.
func (t *table) expand(number int, row []Cell) {
	name := 0
	for _, n := range t.names {
		name = max(name, Width(n))
	}
	if !t.opts.NoHeader {
		fmt.Fprintf(t, "-- row %d %s\n", number, strings.Repeat("-", max(0, name-len(fmt.Sprint(number))-6)))
	}
	for i, c := range row {
		fmt.Fprintf(t, "%s%s  %s\n", t.colored(t.names[i], bold), strings.Repeat(" ", name-Width(t.names[i])), t.colored(c.Text, colorOf(c)))
	}
}

func (t *table) line(texts []string, right func(column int) bool, color func(column int) string) {
	var b strings.Builder
	for i, text := range texts {
		if i > 0 {
			b.WriteString("  ")
		}
		text = Cut(text, t.widths[i])
		space := strings.Repeat(" ", t.widths[i]-Width(text))
		text = t.colored(text, color(i))
		if right(i) {
			text, space = space+text, ""
		}
		b.WriteString(text + space)
	}
	fmt.Fprintln(t, strings.TrimRight(b.String(), " "))
}

// https://www.ecma-international.org/publications-and-standards/standards/ecma-48/
const (
	bold   = "\x1b[1m"
	faint  = "\x1b[2m"
	normal = "\x1b[0m"
)

func (t *table) colored(text, color string) string {
	if !t.opts.Color || color == "" || text == "" {
		return text
	}
	return color + text + normal
}

func colorOf(c Cell) string {
	if c.Kind == Null {
		return faint
	}
	return ""
}

func shown(text string) string {
	switch {
	case text == "", text == "NULL", text[0] == '"', strings.HasPrefix(text, `\x`), text != strings.TrimSpace(text),
		strings.ContainsFunc(text, hidden), !utf8.ValidString(text):
		return strconv.Quote(text)
	}
	return text
}

func counted(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return strconv.FormatInt(n, 10) + " rows"
}

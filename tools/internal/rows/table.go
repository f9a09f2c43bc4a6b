package rows

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// page is the number of rows that a table looks at to find the width of its columns. Later pages may only make
// them wider, so that a result of any length is written in bounded memory.
const page = 1000

// table writes columns for reading: NULL bare, and in quotes every text that is empty, could be taken for NULL
// or for bytes, begins or ends with a space, or holds what a terminal does not show.
type table struct {
	*bufio.Writer
	sets    int
	names   []string
	widths  []int
	numeric []bool // columns that held numbers only, so far
	page    [][]Cell
	count   int
	headed  bool
}

func (t *table) Header(names []string) error {
	t.separate()
	*t = table{Writer: t.Writer, sets: t.sets, widths: make([]int, len(names)), numeric: make([]bool, len(names))}
	for i, name := range names {
		name = shown(name)
		t.names = append(t.names, name)
		t.widths[i], t.numeric[i] = utf8.RuneCountInString(name), true
	}
	return nil
}

func (t *table) Row(cells []Cell) error {
	row := make([]Cell, len(cells))
	for i, c := range cells {
		if c.Kind == Text {
			c.Text = shown(c.Text)
		}
		t.numeric[i] = t.numeric[i] && (c.Kind == Number || c.Kind == Null)
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(c.Text))
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
	fmt.Fprintf(t, "(%s)\n", counted(int64(t.count)))
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

func (t *table) flushPage() {
	if !t.headed {
		rule := make([]string, len(t.names))
		for i, w := range t.widths {
			rule[i] = strings.Repeat("-", w)
		}
		t.line(t.names, func(i int) bool { return t.count > 0 && t.numeric[i] })
		t.line(rule, func(int) bool { return false })
		t.headed = true
	}
	texts := make([]string, len(t.names))
	for _, row := range t.page {
		for i, c := range row {
			texts[i] = c.Text
		}
		t.line(texts, func(i int) bool { return row[i].Kind == Number })
	}
	t.page = t.page[:0]
}

func (t *table) line(texts []string, right func(column int) bool) {
	var b strings.Builder
	for i, text := range texts {
		if i > 0 {
			b.WriteString("  ")
		}
		space := strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(text))
		if right(i) {
			text, space = space+text, ""
		}
		b.WriteString(text + space)
	}
	fmt.Fprintln(t, strings.TrimRight(b.String(), " "))
}

func shown(text string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case text == "", text == "NULL", text[0] == '"', strings.HasPrefix(text, `\x`), text != strings.TrimSpace(text),
		strings.ContainsFunc(text, hidden):
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

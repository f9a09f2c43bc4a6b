package rows

import (
	"bufio"
	"strconv"
	"strings"
)

// csv writes comma-separated values with a header. NULL is nothing between the commas and an empty text is "",
// as in PostgreSQL's COPY, which encoding/csv cannot tell apart. https://www.rfc-editor.org/rfc/rfc4180
type csv struct {
	*bufio.Writer
	sets int
}

func (c *csv) Header(names []string) error {
	if c.sets++; c.sets > 1 {
		if err := c.WriteByte('\n'); err != nil {
			return err
		}
	}
	cells := make([]Cell, len(names))
	for i, name := range names {
		cells[i] = Cell{name, Text}
	}
	return c.Row(cells)
}

func (c *csv) Row(cells []Cell) error {
	for i, cell := range cells {
		if i > 0 {
			// An error sticks to the buffered writer and comes back below.
			_ = c.WriteByte(',')
		}
		text := cell.Text
		switch {
		case cell.Kind == Null:
			text = ""
		case text == "" || strings.ContainsAny(text, ",\"\r\n") || text != strings.TrimSpace(text):
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		_, _ = c.WriteString(text)
	}
	return c.WriteByte('\n')
}

func (c *csv) End() error { return c.Flush() }

func (c *csv) Affected(n int64) error {
	if err := c.Header([]string{"rows_affected"}); err != nil {
		return err
	}
	if err := c.Row([]Cell{{strconv.FormatInt(n, 10), Number}}); err != nil {
		return err
	}
	return c.End()
}

func (c *csv) Done() error { return nil }

package rows

import (
	"bufio"
	"strconv"
	"strings"
)

// separated writes values with a character between them, and a header.
type separated struct {
	*bufio.Writer
	comma    byte
	field    func(Cell) string
	noHeader bool
	sets     int
}

// csvField is a value of RFC 4180. NULL is nothing between the commas and an empty text is "", as in PostgreSQL's COPY, which
// encoding/csv cannot tell apart. https://www.rfc-editor.org/rfc/rfc4180
func csvField(c Cell) string {
	switch {
	case c.Kind == Null:
		return ""
	case c.Text == "" || strings.ContainsAny(c.Text, ",\"\r\n") || c.Text != strings.TrimSpace(c.Text):
		return `"` + strings.ReplaceAll(c.Text, `"`, `""`) + `"`
	}
	return c.Text
}

var tsvEscapes = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// tsvField is a value of COPY's text format. https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
func tsvField(c Cell) string {
	switch c.Kind {
	case Null:
		return `\N`
	case Number, Bool:
		return c.Text
	}
	return tsvEscapes.Replace(c.Text)
}

func (s *separated) Header(names []string) error {
	if s.sets++; s.sets > 1 {
		if err := s.WriteByte('\n'); err != nil {
			return err
		}
	}
	if s.noHeader {
		return nil
	}
	cells := make([]Cell, len(names))
	for i, name := range names {
		cells[i] = Cell{name, Text}
	}
	return s.Row(cells)
}

func (s *separated) Row(cells []Cell) error {
	for i, cell := range cells {
		if i > 0 {
			// An error sticks to the buffered writer and comes back below.
			_ = s.WriteByte(s.comma)
		}
		_, _ = s.WriteString(s.field(cell))
	}
	return s.WriteByte('\n')
}

func (s *separated) End() error { return s.Flush() }

func (s *separated) Affected(n int64) error {
	if err := s.Header([]string{"rows_affected"}); err != nil {
		return err
	}
	if err := s.Row([]Cell{{strconv.FormatInt(n, 10), Number}}); err != nil {
		return err
	}
	return s.End()
}

func (s *separated) Done() error { return nil }

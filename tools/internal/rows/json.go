package rows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// objects writes a row as an object on a line, with array as an array for each result set. One that stops in the middle of an
// error stays open, so that no reader takes it for the whole.
type objects struct {
	*bufio.Writer
	array bool
	keys  []string // each as JSON, with its colon
	rows  int
}

func (j *objects) Header(names []string) error {
	j.rows, j.keys = 0, nil
	for _, key := range unique(names) {
		j.keys = append(j.keys, quoted(key)+":")
	}
	if !j.array {
		return nil
	}
	_, err := j.WriteString("[")
	return err
}

func (j *objects) Row(cells []Cell) error {
	// An error sticks to the buffered writer and comes back below.
	switch {
	case !j.array:
	case j.rows == 0:
		_ = j.WriteByte('\n')
	default:
		_, _ = j.WriteString(",\n")
	}
	j.rows++
	before := byte('{')
	for i, c := range cells {
		_ = j.WriteByte(before)
		_, _ = j.WriteString(j.keys[i])
		_, _ = j.WriteString(c.json())
		before = ','
	}
	err := j.WriteByte('}')
	if !j.array {
		err = j.WriteByte('\n')
	}
	return err
}

func (j *objects) End() error {
	if j.array {
		if j.rows > 0 {
			_ = j.WriteByte('\n')
		}
		_, _ = j.WriteString("]\n")
	}
	return j.Flush()
}

func (j *objects) Affected(n int64) error {
	fmt.Fprintf(j, "{\"rowsAffected\":%d}\n", n)
	return j.Flush()
}

func (j *objects) Done() error { return nil }

func (c Cell) json() string {
	switch c.Kind {
	case Null:
		return "null"
	case Number, Bool:
		return c.Text
	case JSON:
		var b bytes.Buffer
		if json.Compact(&b, []byte(c.Text)) == nil {
			return b.String()
		}
	}
	return quoted(c.Text)
}

func quoted(text string) string {
	if plain(text) {
		return `"` + text + `"`
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// A string can always be encoded, and a buffer written to.
	_ = e.Encode(text)
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// plain reports whether a text is the same in JSON: most are, and an encoder for each takes most of the time of a long result.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == 0x7f {
			return false
		}
	}
	return true
}

// unique names the columns that have no name, and tells those apart that share one: an object with a key twice
// loses a value in most readers.
func unique(names []string) []string {
	seen := make(map[string]bool)
	for _, name := range names {
		seen[name] = true
	}
	given := make(map[string]bool)
	var keys []string
	for i, name := range names {
		key := name
		if name == "" {
			name, key = fmt.Sprint("column", i+1), fmt.Sprint("column", i+1)
		}
		for n := 2; given[key] || key != names[i] && seen[key]; n++ {
			key = fmt.Sprint(name, "_", n)
		}
		given[key] = true
		keys = append(keys, key)
	}
	return keys
}

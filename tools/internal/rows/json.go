package rows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
)

// jsonArray writes an array of objects for each result set, a row a line. One that stops in the middle of an
// error stays open, so that no reader takes it for the whole.
type jsonArray struct {
	*bufio.Writer
	keys []string
	rows int
}

func (j *jsonArray) Header(names []string) error {
	j.rows, j.keys = 0, unique(names)
	_, err := j.WriteString("[")
	return err
}

func (j *jsonArray) Row(cells []Cell) error {
	separator := ",\n{"
	if j.rows == 0 {
		separator = "\n{"
	}
	j.rows++
	// An error sticks to the buffered writer and comes back below.
	_, _ = j.WriteString(separator)
	for i, c := range cells {
		if i > 0 {
			_ = j.WriteByte(',')
		}
		_, _ = j.WriteString(quoted(j.keys[i]) + ":" + c.json())
	}
	return j.WriteByte('}')
}

func (j *jsonArray) End() error {
	if j.rows > 0 {
		_ = j.WriteByte('\n')
	}
	_, _ = j.WriteString("]\n")
	return j.Flush()
}

func (j *jsonArray) Affected(n int64) error {
	fmt.Fprintf(j, "{\"rowsAffected\":%d}\n", n)
	return j.Flush()
}

func (j *jsonArray) Done() error { return nil }

func (c Cell) json() string {
	switch c.Kind {
	case Null:
		return "null"
	case Number, Bool:
		return c.Text
	}
	return quoted(c.Text)
}

func quoted(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// A string can always be encoded, and a buffer written to.
	_ = e.Encode(text)
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
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

package configfile

import (
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// bare are the fields whose values JSON writes without quotes. A variable, which is always a text, becomes a
// number or a truth value there.
var bare = map[string]bool{
	"port": true, "pool.min": true, "pool.max": true, "ssl": true, "ssl.rejectUnauthorized": true,
}

// fill returns a JSON value in which every text is expanded. Because that happens after parsing, a value cannot
// become a key, a second field or the end of the text.
func (f *File) fill(raw json.RawMessage, field string) (json.RawMessage, error) {
	switch raw[0] {
	case '{':
		fields, err := object(raw)
		if err != nil {
			return nil, err
		}
		var errs []error
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			fields[name], err = f.fill(fields[name], strings.TrimPrefix(field+"."+name, "."))
			errs = append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		return json.Marshal(fields)
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
		return f.fillText(text, field)
	}
	return raw, nil
}

func (f *File) fillText(written, field string) (json.RawMessage, error) {
	text, err := expand(written, nil)
	if err != nil {
		return nil, &registry.ConfigError{Field: field, Problem: err.Error()}
	}
	if isPEM(field) {
		if text, err = readPEM(field, text, filepath.Dir(f.path)); err != nil {
			return nil, err
		}
	}
	if mentions(written) {
		n, notANumber := strconv.Atoi(text)
		switch {
		case text == "" && !strings.HasPrefix(field, "params."): // as if it were not there
			return json.RawMessage("null"), nil
		case bare[field] && notANumber == nil:
			return json.Marshal(n)
		case bare[field] && (text == "true" || text == "false"):
			return json.RawMessage(text), nil
		}
	}
	return json.Marshal(text)
}

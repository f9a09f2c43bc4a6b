package configfile

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// The fields whose values JSON writes without quotes. A variable, which is always a text, becomes a number or a truth
// value there.
var (
	integers  = []string{"port", "pool.min", "pool.max", "pool.maxIdle", "retry.max"}
	fractions = []string{"retry.factor", "retry.jitter"}
	flags     = []string{"ssl", "ssl.rejectUnauthorized", "ssl.verifyHostname", "retry.unknownHost", "lazy", "readers"}
)

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
	case '[':
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, err
		}
		var errs []error
		for i, item := range list {
			var text string
			if json.Unmarshal(item, &text) != nil {
				continue // no text
			}
			text, err := expand(text, nil)
			if err != nil {
				err = &registry.ConfigError{Field: field, Problem: err.Error()}
			}
			list[i], _ = json.Marshal(text) // a text
			errs = append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		return json.Marshal(list)
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
	switch {
	case err != nil:
		return nil, &registry.ConfigError{Field: field, Problem: err.Error()}
	case field == "readers" && strings.Contains(text, ":"):
		if text, err = expandURL(written, field); err != nil {
			return nil, err
		}
	}
	if mentions(written) {
		field = strings.TrimPrefix(field, "readers.")
		n, notAnInteger := strconv.Atoi(text)
		x, notANumber := strconv.ParseFloat(text, 64)
		switch {
		case text == "" && !strings.HasPrefix(field, "params.") && !strings.HasPrefix(field, "session."): // as if it were not there
			return json.RawMessage("null"), nil
		case slices.Contains(integers, field) && notAnInteger == nil:
			return json.Marshal(n)
		case slices.Contains(fractions, field) && notANumber == nil:
			return json.Marshal(x)
		case slices.Contains(flags, field) && (text == "true" || text == "false"):
			return json.RawMessage(text), nil
		}
	}
	return json.Marshal(text)
}

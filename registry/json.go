package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// MarshalJSON writes the fields that are set, under the keys that UnmarshalJSON reads. Secrets become
// [redacted], which cannot be read back.
func (c Config) MarshalJSON() ([]byte, error) {
	out := make(map[string]any)
	if c.TLS != nil {
		out["ssl"] = true
	}
	for _, f := range c.fields() {
		value := f.value()
		parent, child, nested := strings.Cut(f.name, ".")
		switch {
		case value == nil:
			continue
		case !nested:
			out[f.name] = value
			continue
		}
		object, ok := out[parent].(map[string]any)
		if !ok {
			object = make(map[string]any)
			out[parent] = object
		}
		object[child] = value
	}
	if len(c.Params) > 0 {
		params := make(map[string]string)
		for name, value := range c.Params {
			params[name] = shownParam(name, value)
		}
		out["params"] = params
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads an object with the keys dialect, host, port, user, password, database, filename, pool
// (min, max, maxLifetime, maxIdleTime), ssl (true, false, or an object with rejectUnauthorized, ca, cert, key,
// serverName), connectTimeout, appName and params. Durations are strings such as "5s". A key that is unknown,
// given twice or of the wrong type is an error that names it, and no error repeats a value. On an error c is
// unchanged.
func (c *Config) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	next := Config{}
	err := next.readObject(d, "")
	if err == nil {
		if _, end := d.Token(); end != io.EOF {
			return &ConfigError{"text", "has data after the JSON object", "give a single object"}
		}
	}
	if err != nil {
		if _, ok := errors.AsType[*ConfigError](err); ok {
			return err
		}
		// An error of the decoder may quote what it stumbled over.
		return &ConfigError{"text", fmt.Sprintf("is not valid JSON near byte %d", d.InputOffset()), "check quotes, commas and brackets there"}
	}
	*c = next
	return nil
}

// readObject reads one JSON object; prefix is "", "pool.", "ssl." or "params.".
func (c *Config) readObject(d *json.Decoder, prefix string) error {
	if prefix == "" {
		if t, err := d.Token(); err != nil {
			return err
		} else if t != json.Delim('{') {
			return &ConfigError{"text", "is not a JSON object", `write {"dialect": …}`}
		}
	}
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key := t.(string) // the decoder allows nothing else
		name := prefix + key
		if prefix != "params." && strings.Contains(key, ".") {
			return unknownJSONKey(name)
		}
		if seen[name] {
			return &ConfigError{name, "is given twice", "keep one of them"}
		}
		seen[name] = true
		if t, err = d.Token(); err != nil {
			return err
		}
		if err := c.readValue(d, name, t); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func (c *Config) readValue(d *json.Decoder, name string, t json.Token) error {
	isObject := t == json.Delim('{')
	if param, ok := strings.CutPrefix(name, "params."); ok {
		text, ok := t.(string)
		if !ok {
			return wrongType(name, "a string")
		}
		if c.Params == nil {
			c.Params = make(map[string]string)
		}
		c.Params[param] = text
		return nil
	}
	switch name {
	case "ssl":
		switch {
		case t == true:
			c.tls()
		case isObject:
			c.tls()
			return c.readObject(d, "ssl.")
		case t != false && t != nil:
			return wrongType(name, "true, false or an object")
		}
		return nil
	case "pool", "params":
		if isObject {
			return c.readObject(d, name+".")
		}
		if t != nil {
			return wrongType(name, "an object")
		}
		return nil
	}
	f, ok := c.fieldToSet(name)
	if !ok {
		return unknownJSONKey(name)
	}
	if t == nil {
		return nil
	}
	want, text := "a string", ""
	switch f.at.(type) {
	case *string, *Secret, *time.Duration:
		text, ok = t.(string)
	case *int:
		want = "an integer"
		var n json.Number
		n, ok = t.(json.Number)
		text = n.String()
	case inverse:
		want = "true or false"
		var b bool
		b, ok = t.(bool)
		text = fmt.Sprint(b)
	}
	if !ok {
		return wrongType(name, want)
	}
	if err := f.set(text); err != nil {
		return &ConfigError{name, err.Error(), ""}
	}
	return nil
}

func wrongType(name, want string) error {
	return &ConfigError{name, "must be " + want, ""}
}

// unknownJSONKey names the keys there are beside the one that is unknown.
func unknownJSONKey(name string) error {
	prefix, key := "", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		prefix, key = name[:i+1], name[i+1:]
	}
	var list []string
	for _, f := range new(Config).fields() {
		if rest, ok := strings.CutPrefix(f.name, prefix); ok && !strings.Contains(rest, ".") {
			list = append(list, rest)
		}
	}
	if prefix == "" {
		list = append(list, "pool", "ssl", "params")
	}
	return unknownKey("key "+name, key, list)
}

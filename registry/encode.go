package registry

import (
	"encoding/json"
	"strings"
)

// MarshalJSON writes the fields that are set, under the keys that UnmarshalJSON reads. Secrets become
// [redacted], which cannot be read back.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.toMap()) }

// MarshalYAML returns what MarshalJSON writes, for yaml.v3 and its kin.
func (c Config) MarshalYAML() (any, error) { return c.toMap(), nil }

func (c *Config) toMap() map[string]any {
	out := make(map[string]any)
	put := func(parent, child string, value any) {
		object, ok := out[parent].(map[string]any)
		if !ok {
			object = make(map[string]any)
			out[parent] = object
		}
		object[child] = value
	}
	if c.TLS != nil {
		out["ssl"] = true
	}
	for _, f := range c.fields() {
		value := f.value()
		parent, child, nested := strings.Cut(f.name, ".")
		switch {
		case value == nil:
		case nested:
			put(parent, child, value)
		default:
			out[f.name] = value
		}
	}
	for _, m := range c.maps() {
		for name, value := range *m.at {
			put(m.name, name, shownParam(name, value))
		}
	}
	if c.Readers != nil {
		out["readers"] = c.Readers.toMap()
	}
	return out
}

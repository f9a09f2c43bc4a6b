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

func (c Config) toMap() map[string]any {
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
	for _, m := range c.maps() {
		for name, value := range *m.at {
			object, ok := out[m.name].(map[string]any)
			if !ok {
				object = make(map[string]any)
				out[m.name] = object
			}
			object[name] = shownParam(name, value)
		}
	}
	if c.Readers != nil {
		out["readers"] = c.Readers.toMap()
	}
	return out
}

package registry

import (
	"maps"
	"time"
)

// Diff names the fields in which the configs differ, as a [ConfigError] does, and shows no value. For equal
// configs it returns nil.
func (c *Config) Diff(other *Config) []string {
	a, b := *c, *other
	var names []string
	if (a.TLS == nil) != (b.TLS == nil) {
		names = append(names, "ssl")
		a.TLS, b.TLS = nil, nil
	}
	fields := b.fields()
	for i, f := range a.fields() {
		if !same(f.at, fields[i].at) {
			names = append(names, f.name)
		}
	}
	keys := make(map[string]string)
	maps.Copy(keys, a.Params)
	maps.Copy(keys, b.Params)
	for _, name := range sortedKeys(keys) {
		x, inA := a.Params[name]
		y, inB := b.Params[name]
		if x != y || inA != inB {
			names = append(names, "params."+name)
		}
	}
	return names
}

// same compares what two pointers from [field] point at.
func same(a, b any) bool {
	switch a := a.(type) {
	case *string:
		return *a == *b.(*string)
	case *int:
		return *a == *b.(*int)
	case *time.Duration:
		return *a == *b.(*time.Duration)
	case *Secret:
		return a.Equal(*b.(*Secret))
	case inverse:
		return *a.flag == *b.(inverse).flag
	}
	return false
}

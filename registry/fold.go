package registry

import (
	"slices"
	"strings"
)

// foldKeys returns an object with its keys as they are spelled here: viper has them all in lower case. The keys of session
// and params belong to others, and stay. prefix is that of the object, such as "pool.".
func foldKeys(m map[string]any, prefix string) (map[string]any, error) {
	known := keysOf(prefix)
	folded := make(map[string]any, len(m))
	for _, given := range sorted(m) {
		key, value := given, m[given]
		if i := slices.IndexFunc(known, func(name string) bool { return strings.EqualFold(name, given) }); i >= 0 {
			key = known[i]
		}
		if _, twice := folded[key]; twice {
			return nil, NewConfigError(prefix+key, "is given twice, in upper and in lower case", "keep one of them")
		}
		if inner, ok := value.(map[string]any); ok {
			var err error
			switch prefix + key {
			case "pool", "ssl", "retry":
				value, err = foldKeys(inner, key+".")
			case "readers":
				if value, err = foldKeys(inner, ""); err != nil {
					err = named(inReaders, err)
				}
			}
			if err != nil {
				return nil, err
			}
		}
		folded[key] = value
	}
	return folded, nil
}

// keysOf lists the keys of the object with a prefix.
func keysOf(prefix string) (list []string) {
	for _, f := range new(Config).fields() {
		if rest, ok := strings.CutPrefix(f.name, prefix); ok && !strings.Contains(rest, ".") {
			list = append(list, rest)
		}
	}
	if prefix == "" {
		list = append(list, "pool", "readers", "ssl", "retry", "credentials", "session", "params")
	}
	return list
}

package registry

import "sort"

// sortedKeys returns the keys of m in order. The generic sort of package slices is compiled once more for each
// program that uses it; this one the database modules link already.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Sort(sort.StringSlice(keys))
	return keys
}

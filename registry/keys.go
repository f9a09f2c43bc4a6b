package registry

// sortedKeys returns the keys of m in order. They are few, and sorting them by package slices or sort would be
// compiled into every program.
func sortedKeys[V any](m map[string]V) (keys []string) {
	for key := range m {
		keys = insert(keys, key)
	}
	return keys
}

// insert puts s into its place among those that are sorted.
func insert(sorted []string, s string) []string {
	sorted = append(sorted, s)
	i := len(sorted) - 1
	for ; i > 0 && s < sorted[i-1]; i-- {
		sorted[i] = sorted[i-1]
	}
	sorted[i] = s
	return sorted
}

package registry

// sortedKeys returns the keys of m in order. They are few, and sorting them by package slices or sort would be
// compiled into every program. It is not inlined, and like insert takes one type only, for the same reason.
//
//go:noinline
func sortedKeys(m map[string]string) (keys []string) {
	for key := range m {
		keys = insert(keys, key)
	}
	return keys
}

// insert puts s into its place among those that are sorted.
//
//go:noinline
func insert(sorted []string, s string) []string {
	sorted = append(sorted, s)
	i := len(sorted) - 1
	for ; i > 0 && s < sorted[i-1]; i-- {
		sorted[i] = sorted[i-1]
	}
	sorted[i] = s
	return sorted
}

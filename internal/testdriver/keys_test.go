package testdriver

import (
	"slices"
	"testing"
)

func TestKeys(t *testing.T) {
	keys := Keys()
	for _, want := range []string{"dialect", "dsn", "host", "hosts", "hostOrder", "role", "user", "password", "database", "pool.max", "readers", "ssl", "appName", "lazy"} {
		if !slices.Contains(keys, want) {
			t.Errorf("%s is none of %q", want, keys)
		}
	}
}

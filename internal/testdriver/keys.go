package testdriver

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// Keys returns the names that the fields of a Config have in files and URLs, such as "role" and "pool.max".
func Keys() []string {
	full := registry.Config{
		Port: 1, Hosts: []string{"a"}, HostOrder: registry.HostsRandom, Role: registry.RoleWriter, Password: registry.NewSecret("p"),
		Pool: registry.Pool{Min: 1, Max: 1, MaxIdle: 1, MaxLifetime: 1, MaxIdleTime: 1}, TLS: new(registry.TLS), ConnectTimeout: time.Second,
		Retry: registry.Retry{Max: 1}, Lazy: true, DSN: registry.NewSecret("d"), Readers: new(registry.Config),
		Session: map[string]string{"x": ""}, Params: map[string]string{"x": ""},
	}
	fill(reflect.ValueOf(&full).Elem())
	names := make(map[string]bool)
	for _, name := range full.Diff(registry.Config{}) {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// fill gives a text to each field that takes one.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String {
			f.SetString("x")
		}
	}
}

package sandbox

import (
	"debug/buildinfo"
	"slices"

	"github.com/patchbay-go/patchbay/registry"
)

// DatabaseModules returns the modules of the known dialects that a binary carries, sorted.
func DatabaseModules(binary string) ([]string, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, dep := range info.Deps {
		if slices.ContainsFunc(registry.Known(), func(k registry.Info) bool { return k.Module == dep.Path }) {
			found = append(found, dep.Path)
		}
	}
	slices.Sort(found)
	return found, nil
}

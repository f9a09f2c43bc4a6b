package configfile

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// Load reads the configs of a file. The error tells every connection that is wrong.
func Load(path string) (map[string]registry.Config, error) {
	f, err := Read(path)
	if err != nil {
		return nil, err
	}
	return f.configs()
}

// configs returns all configs.
func (f *File) configs() (map[string]registry.Config, error) {
	configs := make(map[string]registry.Config)
	var errs []error
	for _, name := range f.Names() {
		cfg, err := f.Config(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		configs[name] = cfg
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return configs, nil
}

// variable is the one that many hosting platforms set, and the start of those with a name.
const variable = "DATABASE_URL"

// Environment reads configs from the environment alone: the URL in DATABASE_URL is that of the connection "default",
// the one in DATABASE_URL_ORDERS that of "orders". It is an error if there is none.
func Environment() (map[string]registry.Config, error) {
	configs := make(map[string]registry.Config)
	var errs []error
	all := os.Environ()
	slices.Sort(all)
	for _, pair := range all {
		name, value, _ := strings.Cut(pair, "=")
		rest, ok := strings.CutPrefix(name, variable)
		if !ok || rest != "" && !strings.HasPrefix(rest, "_") || rest == "_" || value == "" {
			continue
		}
		cfg, err := registry.ParseURL(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("environment variable %s: %w", name, err))
			continue
		}
		configs[cmp.Or(strings.ToLower(strings.TrimPrefix(rest, "_")), "default")] = cfg
	}
	if len(configs)+len(errs) == 0 {
		errs = append(errs, fmt.Errorf("no environment variable %s or %s_<NAME> is set: set it to the URL of a database", variable, variable))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return configs, nil
}

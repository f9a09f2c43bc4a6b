package registry

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/internal/spell"
)

// ParamCheck looks at the value of one of a dialect's Params and says what is wrong with it.
type ParamCheck func(value string) error

// CheckParams compares the Params of a Config with the list of those that a dialect takes. The error joins a
// [*ConfigError] for every key that is not in the list and every value that its check refuses; the value
// itself is not repeated, because a password may have ended up in the wrong place.
func CheckParams(params map[string]string, list map[string]ParamCheck) error {
	var errs []error
	for _, name := range sortedKeys(params) {
		check, ok := list[name]
		if !ok {
			errs = append(errs, unknownKey("params."+name, name, sortedKeys(list)))
			continue
		}
		if err := check(params[name]); err != nil {
			errs = append(errs, &ConfigError{"params." + name, "cannot have this value", err.Error()})
		}
	}
	return errors.Join(errs...)
}

// unknownKey is the error for a key that is not in the list: it names the nearest, and else them all.
func unknownKey(field, name string, list []string) *ConfigError {
	cure := "use one of " + strings.Join(list, ", ")
	if nearest := spell.Nearest(name, list); nearest != "" {
		cure = fmt.Sprintf("did you mean %q? %s", nearest, cure)
	}
	if len(list) == 0 {
		cure = "leave it out"
	}
	return &ConfigError{field, "is not known", cure}
}

// OneOf accepts exactly the given values.
func OneOf(values ...string) ParamCheck {
	return func(value string) error {
		if slices.Contains(values, value) {
			return nil
		}
		return errors.New("use one of " + strings.Join(values, ", "))
	}
}

// IntBetween accepts a decimal integer from least to most.
func IntBetween(least, most int) ParamCheck {
	return func(value string) error {
		if n, err := strconv.Atoi(value); err == nil && least <= n && n <= most {
			return nil
		}
		return fmt.Errorf("use a whole number from %d to %d", least, most)
	}
}

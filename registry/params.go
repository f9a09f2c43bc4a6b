package registry

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/internal/spell"
)

// Param is one of the Params of a dialect: its name, and what its value may be in one of three ways. It is data, so
// that a dialect's table of them needs no code to set up.
type Param struct {
	Name        string
	Words       []string // exactly one of these; else
	Least, Most int      // a decimal integer in this range; else, where both are 0,
	Check       func(value string) error
}

// Verify says what is wrong with a value. It does not repeat it.
func (p *Param) Verify(value string) error {
	switch {
	case p.Words != nil:
		for _, word := range p.Words {
			if value == word {
				return nil
			}
		}
		return errors.New("use one of " + strings.Join(p.Words, ", "))
	case p.Least != 0 || p.Most != 0:
		if n, err := strconv.Atoi(value); err != nil || n < p.Least || n > p.Most {
			return fmt.Errorf("use a whole number from %d to %d", p.Least, p.Most)
		}
		return nil
	}
	return p.Check(value)
}

// CheckParams compares the Params of a Config with the lists of those that a dialect takes. The error joins a
// [*ConfigError] for every key that is in no list and every value that is not as its list has it; the value itself
// is not repeated, because a password may have ended up in the wrong place.
func CheckParams(params map[string]string, lists ...[]Param) error {
	var errs problems
	for _, name := range sortedKeys(params) {
		if p := paramNamed(name, lists); p == nil {
			var names []string
			for _, list := range lists {
				for i := range list {
					names = insert(names, list[i].Name)
				}
			}
			errs = append(errs, unknownKey("params."+name, name, names))
		} else if err := p.Verify(params[name]); err != nil {
			errs.add("params."+name, "cannot have this value", err.Error())
		}
	}
	return errs.join()
}

func paramNamed(name string, lists [][]Param) *Param {
	for _, list := range lists {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// unknownKey is the error for a key that is not in the list: it names the nearest, and else them all.
//
//go:noinline
func unknownKey(field, name string, list []string) *ConfigError {
	cure := "use one of " + strings.Join(list, ", ")
	if nearest := spell.Nearest(name, list); nearest != "" {
		cure = "did you mean " + quote(nearest) + "? " + cure
	}
	if len(list) == 0 {
		cure = "leave it out"
	}
	return &ConfigError{field, "is not known", cure}
}

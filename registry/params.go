package registry

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/internal/spell"
)

// Param is one of the Params of a dialect: its name, and what its value may be in one of four ways.
type Param struct {
	Name        string
	Bool        bool     // "true" or "false", in upper or lower case; else
	Words       []string // one of these, in upper or lower case; else
	Least, Most int      // a decimal integer in this range; else, where both are 0,
	Check       func(value string) error
}

var bools = []string{"true", "false"}

// read returns a value as drivers use it, a word as it is in Words. The error says what is wrong with it and does not
// repeat it.
func (p *Param) read(value string) (string, error) {
	words := p.Words
	if p.Bool {
		words = bools
	}
	switch {
	case words != nil:
		i := slices.IndexFunc(words, func(word string) bool { return strings.EqualFold(word, value) })
		if i < 0 {
			return "", errors.New("must be one of " + strings.Join(words, ", "))
		}
		return words[i], nil
	case p.Least != 0 || p.Most != 0:
		n, err := strconv.Atoi(value)
		if err != nil || n < p.Least || n > p.Most {
			return "", fmt.Errorf("must be an integer from %d to %d", p.Least, p.Most)
		}
		return strconv.Itoa(n), nil
	}
	return value, p.Check(value)
}

// CheckParams compares the Params of a Config with the lists of those that a dialect takes, and returns them with
// each word as its list has it. The error joins a [*ConfigError] for every key that is in no list and every value
// that is not as its list has it; the value itself is not repeated, because a password may have ended up in the
// wrong place.
func CheckParams(params map[string]string, lists ...[]Param) (map[string]string, error) {
	return checkTexts("params.", params, lists)
}

// CheckSession does for Session what [CheckParams] does for Params, in a dialect that has a list of its settings.
func CheckSession(session map[string]string, lists ...[]Param) (map[string]string, error) {
	return checkTexts("session.", session, lists)
}

func checkTexts(prefix string, given map[string]string, lists [][]Param) (map[string]string, error) {
	checked := make(map[string]string, len(given))
	err := Each(given, func(name, value string) (err error) {
		checked[name], err = readParam(lists, prefix, name, value)
		return err
	})
	if err != nil {
		return nil, err
	}
	return checked, nil
}

// Each calls f for Params, or other texts, in the order of their names, and joins the errors.
func Each(texts map[string]string, f func(name, value string) error) error {
	var errs []error
	for _, name := range sorted(texts) {
		errs = append(errs, f(name, texts[name]))
	}
	return errors.Join(errs...)
}

// CheckParam is [CheckParams] for one.
func CheckParam(name, value string, lists ...[]Param) (string, error) {
	return readParam(lists, "params.", name, value)
}

func readParam(lists [][]Param, prefix, name, value string) (string, error) {
	var names []string
	for _, list := range lists {
		for i := range list {
			if list[i].Name == name {
				value, err := list[i].read(value)
				return value, wrongValue(prefix+name, err)
			}
			names = append(names, list[i].Name)
		}
	}
	slices.Sort(names)
	return "", unknownKey(prefix+name, name, names)
}

// Misspelled returns the error for a key that nearly spells a known one, and nil for any other: what it may be then is
// for the caller to know.
func Misspelled(field, name string, known []string) error {
	nearest := spell.Nearest(name, known)
	if nearest == "" {
		return nil
	}
	return NewConfigError(field, "is not known", fmt.Sprintf("did you mean %q?", nearest))
}

// unknownKey is the error for a key that is not in the list: it names the nearest, and all of them. One that cannot be a name
// is not shown, as it may be a piece of a connection string.
func unknownKey(field, name string, list []string) error {
	if len(name) > 64 || strings.ContainsAny(name, "=@") {
		field = strings.TrimSuffix(field, name) + "…"
	}
	if len(list) == 0 {
		return NewConfigError(field, "is not known", "leave it out")
	}
	cure := "use one of " + strings.Join(list, ", ")
	if nearest := spell.Nearest(name, list); nearest != "" {
		cure = fmt.Sprintf("did you mean %q? %s", nearest, cure)
	}
	return NewConfigError(field, "is not known", cure)
}

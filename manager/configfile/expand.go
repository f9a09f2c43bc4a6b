package configfile

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// part is a piece of a text: a literal, or a reference to an environment variable.
type part struct {
	literal  string
	variable string // empty for a literal
	fallback string // for a variable that is unset or empty
	optional bool   // there is a fallback
}

// split takes a text apart. ${NAME} is a variable, ${NAME:-text} one with a text to use where it is unset or
// empty, and $${ a literal ${; any other dollar sign stands for itself.
func split(text string) ([]part, error) {
	var parts []part
	var literal strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			literal.WriteString(before)
			break
		}
		if before, escaped := strings.CutSuffix(before, "$"); escaped {
			literal.WriteString(before + "${")
			text = after
			continue
		}
		literal.WriteString(before)
		inside, rest, closed := strings.Cut(after, "}")
		if !closed {
			return nil, errors.New("has a ${ without its }: close it, or write $${ for a literal one")
		}
		name, fallback, optional := strings.Cut(inside, ":-")
		if !isName(name) {
			return nil, errors.New("has a ${ that no name of an environment variable follows: write ${NAME} or ${NAME:-text}, and $${ for a literal ${")
		}
		parts = append(parts, part{literal: literal.String()}, part{variable: name, fallback: fallback, optional: optional})
		literal.Reset()
		text = rest
	}
	return append(parts, part{literal: literal.String()}), nil
}

func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// value returns what the part stands for. What a variable holds is taken as it is: a reference in it is not
// followed.
func (p part) value() (string, error) {
	if p.variable == "" {
		return p.literal, nil
	}
	value, set := os.LookupEnv(p.variable)
	switch {
	case value == "" && p.optional:
		return p.fallback, nil
	case !set:
		return "", fmt.Errorf("needs the environment variable %s, which is not set: set it, or write ${%s:-text} for a default", p.variable, p.variable)
	}
	return value, nil
}

// expand puts the variables into a text, each through escape unless that is nil.
func expand(text string, escape func(string) string) (string, error) {
	parts, err := split(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, p := range parts {
		value, err := p.value()
		if err != nil {
			return "", err
		}
		if p.variable != "" && escape != nil {
			value = escape(value)
		}
		out.WriteString(value)
	}
	return out.String(), nil
}

// mentions reports whether a text has a variable in it.
func mentions(text string) bool {
	parts, err := split(text)
	return err == nil && len(parts) > 1
}

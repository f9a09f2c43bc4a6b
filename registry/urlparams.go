package registry

import (
	"strings"
)

// repeated is the parameter of modernc.org/sqlite that stands once for each PRAGMA; Params have it once, with semicolons.
const repeated = "_pragma"

func (c *Config) parseQuery(query string) error {
	seen := make(map[string]bool)
	switches := make(map[string]untyped)
	for _, pair := range strings.Split(query, "&") {
		rawName, rawValue, found := strings.Cut(pair, "=")
		name, err := unescape(rawName)
		if err != nil {
			return err
		}
		value, err := unescape(rawValue)
		if err != nil {
			return err
		}
		if !found || name == "" {
			return badURL("has a parameter without a name or value", "write name=value, joined by &")
		}
		if name == "password" {
			return NewConfigError(name, "is not a parameter here", "write it before the host, as user:password@host")
		}
		f, isField := c.fieldToSet(name)
		own := strings.TrimPrefix(name, inReaders)
		switch {
		case seen[name] && name == repeated:
			c.setNamed(name, c.Params[name]+";"+value)
		case seen[name]:
			return NewConfigError(name, "is given twice", "keep one of them")
		case name == "ssl" || name == "readers" || name == inReaders+"ssl":
			switches[name] = untyped(value)
		case isField:
			if err := f.setOnce(value); err != nil {
				return err
			}
		case strings.HasPrefix(own, "pool.") || strings.HasPrefix(own, "ssl.") || strings.HasPrefix(own, "retry."):
			return unknownField(name)
		default:
			if value == redacted {
				return wrongValue(name, errRedacted)
			}
			c.setNamed(name, value)
		}
		seen[name] = true
	}
	for _, name := range sorted(switches) {
		if err := c.setSwitch(name, switches[name]); err != nil {
			return err
		}
	}
	return nil
}

// setSwitch sets what is there with its fields, or without one where the parameter of its own name says so.
func (c *Config) setSwitch(name string, value untyped) error {
	on, err := boolOf(value)
	there := c.TLS != nil
	if name == "readers" {
		there = c.Readers != nil
	}
	switch {
	case err != nil:
		return wrongValue(name, err)
	case strings.HasPrefix(name, inReaders):
		return named(inReaders, c.readers().setSwitch("ssl", value))
	case on && name == "readers":
		c.readers()
	case on:
		c.tls()
	case there:
		return NewConfigError(name, "contradicts the parameters that start with "+name+".", "write "+name+"=true or leave it out")
	}
	return nil
}

// setNamed puts a parameter that is no field into the map that its prefix names, or into Params.
func (c *Config) setNamed(name, value string) {
	if inner, ok := strings.CutPrefix(name, inReaders); ok && inner != "" {
		c.readers().setNamed(inner, value)
		return
	}
	all := c.maps()
	into := all[len(all)-1]
	for _, m := range all[:len(all)-1] {
		if key, ok := strings.CutPrefix(name, m.name+"."); ok && key != "" {
			into, name = m, key
		}
	}
	into.set(name, value)
}

// setOnce sets a field that the part before the query has not set.
func (f field) setOnce(value string) error {
	if f.value() != nil {
		return NewConfigError(f.name, "is given both as a parameter and before the ?", "keep one of them")
	}
	return wrongValue(f.name, f.set(untyped(value)))
}

package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ConfigFromMap reads a Config from what a decoder makes of a file: the keys are those of [Config.UnmarshalJSON], and
// the values texts, numbers, booleans, maps with texts as keys, or null, which says nothing. It is for decoders
// that Config has no method for, such as those that read into maps first. Keys may be in upper or lower case.
func ConfigFromMap(m map[string]any) (Config, error) {
	var c Config
	m, err := foldKeys(plain(m).(map[string]any), "")
	if err == nil {
		err = c.fromMap(m, "")
	}
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

// UnmarshalJSON reads an object with the keys dialect, dsn, host, port, hosts (a list), hostOrder (listed, random), role
// (any, writer, reader, preferReader), user, password, passwordFile, credentials
// (provider, and its options), database, filename, pool (min, max, maxIdle, maxLifetime, maxIdleTime), readers (true, false,
// or what a config is), ssl (true, false,
// or an object with rejectUnauthorized, verifyHostname, ca, cert, key, caFile, certFile, keyFile, serverName),
// connectTimeout, retry (max, delay, factor, jitter, maxDelay, for, unknownHost, kinds), lazy, appName, session and
// params; or a string with a URL, as [ParseURL] does. Durations
// are strings such as "5s". A key that is unknown, given twice or of the wrong type is an error that names it, and no
// error repeats a value. On an error c is unchanged, and null changes nothing.
func (c *Config) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	value, err := readJSON(d, "")
	if err == nil {
		if _, end := d.Token(); end != io.EOF {
			return NewConfigError("text", "has data after the JSON value", "give a single one")
		}
		return c.decode(value)
	}
	if _, ok := errors.AsType[*ConfigError](err); ok {
		return err
	}
	// An error of the decoder may quote what it stumbled over.
	return NewConfigError("text", fmt.Sprintf("is not valid JSON near byte %d", d.InputOffset()), "check quotes, commas and brackets there")
}

// UnmarshalYAML reads what [Config.UnmarshalJSON] does from YAML. It is the method that gopkg.in/yaml.v2 and yaml.v3,
// go.yaml.in/yaml and github.com/goccy/go-yaml call.
func (c *Config) UnmarshalYAML(unmarshal func(any) error) error {
	var value any
	if err := unmarshal(&value); err != nil {
		return err
	}
	return c.decode(value)
}

// UnmarshalTOML reads what [Config.UnmarshalJSON] does from TOML. It is the method that github.com/BurntSushi/toml
// calls.
func (c *Config) UnmarshalTOML(value any) error { return c.decode(value) }

// decode reads a value that a decoder has made.
func (c *Config) decode(value any) error {
	var next Config
	var err error
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		next, err = ParseURL(v)
	default:
		m, ok := plain(v).(map[string]any)
		if !ok {
			return NewConfigError("config", "must be an object or a URL", `write {"dialect": …}`)
		}
		err = next.fromMap(m, "")
	}
	if err != nil {
		return err
	}
	*c = next
	return nil
}

// readJSON reads one value, of which path is the name; encoding/json takes a key that is given twice.
func readJSON(d *json.Decoder, path string) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		object := make(map[string]any)
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := key.(string) // the decoder allows nothing else
			if _, twice := object[name]; twice {
				return nil, NewConfigError(path+name, "is given twice", "keep one of them")
			}
			if object[name], err = readJSON(d, path+name+"."); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := readJSON(d, path)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = d.Token()
		return list, err
	}
	return t, nil
}

// plain returns a value with the objects in it as maps of any: yaml.v2 has keys of any type.
func plain(value any) any {
	m := make(map[string]any)
	switch given := value.(type) {
	case map[string]any:
		for key, value := range given {
			m[key] = plain(value)
		}
	case map[string]string:
		for key, text := range given {
			m[key] = text
		}
	case map[any]any:
		for key, value := range given {
			name, ok := key.(string)
			if !ok {
				return given // which is no object here
			}
			m[name] = plain(value)
		}
	default:
		return value
	}
	return m
}

// fromMap sets the fields that m names; prefix is "", "pool." or "ssl.".
func (c *Config) fromMap(m map[string]any, prefix string) error {
	for _, key := range sorted(m) {
		if err := c.setKey(prefix, key, m[key]); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) setKey(prefix, key string, value any) error {
	name := prefix + key
	switch name {
	case "ssl":
		if on, ok := value.(bool); ok {
			if on {
				c.tls()
			}
			return nil
		}
		if m, ok := value.(map[string]any); ok {
			c.tls()
			return c.fromMap(m, "ssl.")
		}
		if value != nil {
			return NewConfigError(name, "must be true, false or an object", "")
		}
		return nil
	case "readers":
		return c.setReaders(value)
	case "pool", "retry":
		m, ok := value.(map[string]any)
		if !ok && value != nil {
			return NewConfigError(name, "must be an object", "")
		}
		return c.fromMap(m, name+".")
	}
	for _, m := range c.maps() {
		if m.name == name {
			return c.setTexts(m, value)
		}
	}
	f, ok := c.fieldToSet(name)
	switch {
	case (!ok || strings.Contains(key, ".")) && value == nil:
		return partOfValue(name, unknownField(name))
	case !ok || strings.Contains(key, "."):
		return unknownField(name)
	case value == nil:
		return nil
	}
	return wrongValue(name, f.set(value))
}

// setReaders reads what [Config.UnmarshalJSON] takes as readers.
func (c *Config) setReaders(value any) error {
	switch v := value.(type) {
	case nil:
		return nil
	case bool:
		if v {
			c.readers()
		}
		return nil
	case string, map[string]any:
	default:
		return NewConfigError("readers", "must be true, false, an object or a URL", "")
	}
	var readers Config
	if err := readers.decode(value); err != nil {
		return named(inReaders, err)
	}
	c.Readers = &readers
	return nil
}

// named puts a prefix before the field that an error of a Config names. Another error is returned as it is.
func named(prefix string, err error) error {
	wrong, ok := err.(*ConfigError)
	if !ok {
		return err
	}
	if key, ok := strings.CutPrefix(wrong.Field, "key "); ok {
		return NewConfigError("key "+prefix+key, wrong.Problem, wrong.Cure)
	}
	return NewConfigError(prefix+wrong.Field, wrong.Problem, wrong.Cure)
}

// setTexts reads an object of texts; that of credentials has the provider among them.
func (c *Config) setTexts(into textMap, value any) error {
	m, ok := value.(map[string]any)
	if !ok && value != nil {
		return NewConfigError(into.name, "must be an object", "")
	}
	for _, key := range sorted(m) {
		name := into.name + "." + key
		if f, ok := c.fieldToSet(name); ok {
			if err := wrongValue(name, f.set(m[key])); err != nil {
				return err
			}
			continue
		}
		text, err := textOf(m[key])
		if err != nil {
			err = wrongValue(name, err)
			if m[key] == nil {
				err = partOfValue(name, err)
			}
			return err
		}
		into.set(key, text)
	}
	return nil
}

// partOfValue is the error for a key that has no value, in place of err, which shows it, unless that can name a key that was meant: in
// {password: a,b} YAML takes the b for one.
func partOfValue(name string, err error) error {
	if strings.Contains(err.Error(), ": did you mean ") {
		return err
	}
	field := "a key"
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		field = "a key of " + name[:i]
	}
	return NewConfigError(field, "has no value", "put a value with a comma in it into quotes, or give the key its value")
}

// unknownField names the keys there are beside the one that is unknown.
func unknownField(name string) error {
	if inner, ok := strings.CutPrefix(name, inReaders); ok {
		return named(inReaders, unknownField(inner))
	}
	prefix, key := "", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		prefix, key = name[:i+1], name[i+1:]
	}
	return unknownKey("key "+name, key, keysOf(prefix))
}

package registry

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// field is one setting of a Config. Its name is the key in JSON, where "pool.max" is max in the object pool,
// and the parameter in a URL.
type field struct {
	name string
	at   func(*Config) any // a pointer to the value; *inverse for a flag that says the opposite
}

// inverse is a flag of a Config that JSON and URLs spell the other way round.
type inverse struct{ flag *bool }

var fields = []field{
	{"dialect", func(c *Config) any { return &c.Dialect }},
	{"host", func(c *Config) any { return &c.Host }},
	{"port", func(c *Config) any { return &c.Port }},
	{"user", func(c *Config) any { return &c.User }},
	{"password", func(c *Config) any { return &c.Password }},
	{"database", func(c *Config) any { return &c.Database }},
	{"filename", func(c *Config) any { return &c.Filename }},
	{"pool.min", func(c *Config) any { return &c.Pool.Min }},
	{"pool.max", func(c *Config) any { return &c.Pool.Max }},
	{"pool.maxLifetime", func(c *Config) any { return &c.Pool.MaxLifetime }},
	{"pool.maxIdleTime", func(c *Config) any { return &c.Pool.MaxIdleTime }},
	{"ssl.rejectUnauthorized", func(c *Config) any { return inverse{&c.tls().SkipVerify} }},
	{"ssl.ca", func(c *Config) any { return &c.tls().CA }},
	{"ssl.cert", func(c *Config) any { return &c.tls().Cert }},
	{"ssl.key", func(c *Config) any { return &c.tls().Key }},
	{"ssl.serverName", func(c *Config) any { return &c.tls().ServerName }},
	{"connectTimeout", func(c *Config) any { return &c.ConnectTimeout }},
	{"appName", func(c *Config) any { return &c.AppName }},
}

func (c *Config) tls() *TLS {
	if c.TLS == nil {
		c.TLS = new(TLS)
	}
	return c.TLS
}

func fieldNamed(name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// set parses text into the field. The error says what to write and repeats nothing of the text.
func (f field) set(c *Config, text string) error {
	switch p := f.at(c).(type) {
	case *string:
		*p = text
	case *Secret:
		if text == redacted {
			return errRedacted
		}
		*p = NewSecret(text)
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("write a whole number")
		}
		*p = n
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New(`write a duration with its unit, such as "5s" or "1m30s"`)
		}
		*p = d
	case inverse:
		if text != "true" && text != "false" {
			return errors.New("write true or false")
		}
		*p.flag = text == "false"
	}
	return nil
}

// each calls show with every field that is not at its zero value, in the order of the table.
func (c *Config) each(show func(name string, value any)) {
	for _, f := range fields {
		if strings.HasPrefix(f.name, "ssl.") && c.TLS == nil {
			continue
		}
		switch p := f.at(c).(type) {
		case *string:
			if *p != "" {
				show(f.name, *p)
			}
		case *Secret:
			if !p.IsZero() {
				show(f.name, p.String())
			}
		case *int:
			if *p != 0 {
				show(f.name, *p)
			}
		case *time.Duration:
			if *p != 0 {
				show(f.name, p.String())
			}
		case inverse:
			if *p.flag {
				show(f.name, false)
			}
		}
	}
}

// shownParam returns the value of a setting in Params for printing. No dialect takes a secret there, but one
// may have been put there by mistake, by its name or inside a URL.
func shownParam(name, value string) string {
	name = strings.ToLower(name)
	for _, word := range []string{"pass", "pwd", "secret", "token", "key", "credential"} {
		if strings.Contains(name, word) {
			return redacted
		}
	}
	if strings.Contains(value, "://") {
		return redacted
	}
	return value
}

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
	_    [0]func() // no code to compare one is needed
	name string
	at   any // a pointer to the value; inverse for a flag that says the opposite
}

// inverse is a flag of a Config that JSON and URLs spell the other way round.
type inverse struct{ flag *bool }

// fields lists the settings of c. Where it has no TLS, those of ssl are zero and writing to them is lost.
func (c *Config) fields() []field {
	t := c.TLS
	if t == nil {
		t = new(TLS)
	}
	return []field{
		{name: "dialect", at: &c.Dialect},
		{name: "host", at: &c.Host},
		{name: "port", at: &c.Port},
		{name: "user", at: &c.User},
		{name: "password", at: &c.Password},
		{name: "database", at: &c.Database},
		{name: "filename", at: &c.Filename},
		{name: "pool.min", at: &c.Pool.Min},
		{name: "pool.max", at: &c.Pool.Max},
		{name: "pool.maxLifetime", at: &c.Pool.MaxLifetime},
		{name: "pool.maxIdleTime", at: &c.Pool.MaxIdleTime},
		{name: "ssl.rejectUnauthorized", at: inverse{&t.SkipVerify}},
		{name: "ssl.ca", at: &t.CA},
		{name: "ssl.cert", at: &t.Cert},
		{name: "ssl.key", at: &t.Key},
		{name: "ssl.serverName", at: &t.ServerName},
		{name: "connectTimeout", at: &c.ConnectTimeout},
		{name: "appName", at: &c.AppName},
	}
}

// fieldToSet returns the field of this name, with a TLS to write to if it is one of ssl.
func (c *Config) fieldToSet(name string) (field, bool) {
	if strings.HasPrefix(name, "ssl.") {
		c.tls()
	}
	for _, f := range c.fields() {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func (c *Config) tls() *TLS {
	if c.TLS == nil {
		c.TLS = new(TLS)
	}
	return c.TLS
}

// set parses text into the field. The error says what to write and repeats nothing of the text.
func (f field) set(text string) error {
	switch p := f.at.(type) {
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

// value returns the value for printing, with a secret redacted, or nil if it is zero.
func (f field) value() any {
	switch p := f.at.(type) {
	case *string:
		if holdsPrivateKey(*p) {
			return redacted
		}
		if *p != "" {
			return *p
		}
	case *Secret:
		if !p.IsZero() {
			return redacted
		}
	case *int:
		if *p != 0 {
			return *p
		}
	case *time.Duration:
		if *p != 0 {
			return p.String()
		}
	case inverse:
		if *p.flag {
			return false
		}
	}
	return nil
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
	if strings.Contains(value, "://") || holdsPrivateKey(value) {
		return redacted
	}
	return value
}

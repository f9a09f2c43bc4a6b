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
		{"dialect", &c.Dialect},
		{"host", &c.Host},
		{"port", &c.Port},
		{"user", &c.User},
		{"password", &c.Password},
		{"database", &c.Database},
		{"filename", &c.Filename},
		{"pool.min", &c.Pool.Min},
		{"pool.max", &c.Pool.Max},
		{"pool.maxLifetime", &c.Pool.MaxLifetime},
		{"pool.maxIdleTime", &c.Pool.MaxIdleTime},
		{"ssl.rejectUnauthorized", inverse{&t.SkipVerify}},
		{"ssl.ca", &t.CA},
		{"ssl.cert", &t.Cert},
		{"ssl.key", &t.Key},
		{"ssl.serverName", &t.ServerName},
		{"connectTimeout", &c.ConnectTimeout},
		{"appName", &c.AppName},
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
			return errors.New("must be an integer")
		}
		*p = n
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New(`must be a duration with its unit, such as "5s" or "1m30s"`)
		}
		*p = d
	case inverse:
		if text != "true" && text != "false" {
			return errors.New("must be true or false")
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

// equal compares the values of the same field of two configs.
func (f field) equal(other field) bool {
	switch p := f.at.(type) {
	case *string:
		return *p == *other.at.(*string)
	case *Secret:
		return p.Equal(*other.at.(*Secret))
	case *int:
		return *p == *other.at.(*int)
	case *time.Duration:
		return *p == *other.at.(*time.Duration)
	case inverse:
		return *p.flag == *other.at.(inverse).flag
	}
	panic("registry: a field of an unknown type: " + f.name)
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

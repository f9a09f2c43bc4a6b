package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
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

// inverse is a flag of a Config that files and URLs spell the other way round.
type inverse struct{ flag *bool }

// inReaders is before the names of what is in Readers.
const inReaders = "readers."

// fields lists the settings of c, but for its maps and Readers. Where it has no TLS, those of ssl are zero and writing to them is
// lost.
func (c *Config) fields() []field {
	t := c.TLS
	if t == nil {
		t = new(TLS)
	}
	return []field{
		{"dialect", &c.Dialect},
		{"dsn", &c.DSN},
		{"host", &c.Host},
		{"port", &c.Port},
		{"hosts", &c.Hosts},
		{"hostOrder", &c.HostOrder},
		{"role", &c.Role},
		{"user", &c.User},
		{"password", &c.Password},
		{"passwordFile", &c.PasswordFile},
		{"credentials.provider", &c.Credentials.Provider},
		{"database", &c.Database},
		{"filename", &c.Filename},
		{"pool.min", &c.Pool.Min},
		{"pool.max", &c.Pool.Max},
		{"pool.maxIdle", &c.Pool.MaxIdle},
		{"pool.maxLifetime", &c.Pool.MaxLifetime},
		{"pool.maxIdleTime", &c.Pool.MaxIdleTime},
		{"ssl.rejectUnauthorized", inverse{&t.SkipVerify}},
		{"ssl.verifyHostname", inverse{&t.SkipHostname}},
		{"ssl.ca", &t.CA},
		{"ssl.cert", &t.Cert},
		{"ssl.key", &t.Key},
		{"ssl.caFile", &t.CAFile},
		{"ssl.certFile", &t.CertFile},
		{"ssl.keyFile", &t.KeyFile},
		{"ssl.serverName", &t.ServerName},
		{"connectTimeout", &c.ConnectTimeout},
		{"retry.max", &c.Retry.Max},
		{"retry.delay", &c.Retry.Delay},
		{"retry.factor", &c.Retry.Factor},
		{"retry.jitter", &c.Retry.Jitter},
		{"retry.maxDelay", &c.Retry.MaxDelay},
		{"retry.for", &c.Retry.For},
		{"retry.unknownHost", &c.Retry.UnknownHost},
		{"retry.kinds", &c.Retry.Kinds},
		{"lazy", &c.Lazy},
		{"appName", &c.AppName},
	}
}

// textMap is a field that holds texts by names of their own. Its name is the key of the object in JSON, and what stands
// before the dot in a URL; a URL has Params without it.
type textMap struct {
	name string
	at   *map[string]string
}

func (c *Config) maps() []textMap {
	return []textMap{{"credentials", &c.Credentials.Options}, {"session", &c.Session}, {"params", &c.Params}}
}

// sorted returns the keys of a map in their order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// set puts a text into the map.
func (m textMap) set(key, value string) {
	if *m.at == nil {
		*m.at = make(map[string]string)
	}
	(*m.at)[key] = value
}

// fieldToSet returns the field of this name, with a TLS to write to if it is one of ssl, and likewise with Readers.
func (c *Config) fieldToSet(name string) (field, bool) {
	if inner, ok := strings.CutPrefix(name, inReaders); ok {
		f, ok := c.readers().fieldToSet(inner)
		f.name = name
		return f, ok
	}
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

func (c *Config) readers() *Config {
	if c.Readers == nil {
		c.Readers = new(Config)
	}
	return c.Readers
}

// untyped is a value of a URL, where all values are text.
type untyped string

// set sets the field to a value from a URL or of a decoded file. The error says what the value must be and repeats
// nothing of it.
func (f field) set(value any) (err error) {
	switch p := f.at.(type) {
	case *string:
		*p, err = textOf(value)
	case *Secret:
		*p, err = secretOf(value)
	case *int:
		*p, err = intOf(value)
	case *time.Duration:
		*p, err = durationOf(value)
	case *float64:
		*p, err = floatOf(value)
	case *bool:
		*p, err = boolOf(value)
	case inverse:
		var on bool
		on, err = boolOf(value)
		*p.flag = !on
	case *[]Kind:
		*p, err = kindsOf(value)
	case *[]string:
		*p, err = textsOf(value)
	case *HostOrder:
		var i int
		i, err = oneOf(value, orderNames, "")
		*p = HostOrder(i)
	case *Role:
		var i int
		i, err = oneOf(value, roleNames, "; a role of the database to act as is session.role=x")
		*p = Role(i)
	}
	return err
}

var (
	errText   = errors.New("must be a string")
	errQuotes = errors.New("must be a string: put it in quotes")
)

func textOf(value any) (string, error) {
	switch v := value.(type) {
	case untyped:
		return textOf(string(v))
	case string:
		if v == redacted {
			return "", errRedacted
		}
		return v, nil
	case bool, int, int64, uint64, float64, json.Number, time.Time: // a text without quotes, such as 0123 or yes in YAML
		return "", errQuotes
	}
	return "", errText
}

func secretOf(value any) (Secret, error) {
	if s, ok := value.(Secret); ok {
		return s, nil
	}
	text, err := textOf(value)
	return NewSecret(text), err
}

func intOf(value any) (n int, err error) {
	ok := true
	switch v := value.(type) {
	case untyped:
		n, err = strconv.Atoi(string(v))
	case json.Number:
		n, err = strconv.Atoi(v.String())
	case int:
		n = v
	case int64:
		n = int(v)
	case uint64:
		n, ok = int(v), v <= math.MaxInt
	case float64: // as decoders into maps have every number
		n, ok = int(v), float64(int(v)) == v
	case string:
		return 0, errors.New("must be an integer: leave out the quotes")
	default:
		ok = false
	}
	if err != nil || !ok {
		return 0, errors.New("must be an integer")
	}
	return n, nil
}

func floatOf(value any) (float64, error) {
	switch v := value.(type) {
	case untyped:
		return floatOf(json.Number(v))
	case json.Number:
		if n, err := v.Float64(); err == nil {
			return n, nil
		}
	case float64:
		return v, nil
	case uint64:
		return float64(v), nil
	case int, int64:
		n, err := intOf(v)
		return float64(n), err
	}
	return 0, errors.New("must be a number")
}

// kindsOf reads a list of kinds by their names; in a URL it is separated by commas.
func kindsOf(value any) (kinds []Kind, err error) {
	names, err := textsOf(value)
	for _, name := range names {
		kind, ok := kindNamed(name)
		if !ok {
			kinds = nil
			break
		}
		kinds = append(kinds, kind)
	}
	if err != nil || kinds == nil {
		return nil, errors.New("must be a list of kinds of failure, such as no database")
	}
	return kinds, nil
}

// textsOf reads a list of texts; in a URL it is separated by commas.
func textsOf(value any) (texts []string, err error) {
	switch v := value.(type) {
	case untyped:
		texts = strings.Split(string(v), ",")
	case []string:
		texts = append(texts, v...)
	case []any:
		for _, one := range v {
			text, err := textOf(one)
			if err != nil {
				return nil, fmt.Errorf("must be a list of which each %w", err)
			}
			texts = append(texts, text)
		}
	default:
		err = errors.New("must be a list of strings")
	}
	if slices.Contains(texts, redacted) {
		return nil, errRedacted
	}
	return texts, err
}

// oneOf returns which of the names a text is, in upper or lower case.
func oneOf(value any, names []string, more string) (int, error) {
	text, err := textOf(value)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, text) })
	if i < 0 {
		return 0, errors.New("must be one of " + strings.Join(names, ", ") + more)
	}
	return i, nil
}

func durationOf(value any) (time.Duration, error) {
	if d, ok := value.(time.Duration); ok {
		return d, nil
	}
	text, err := textOf(value)
	if err == nil {
		var d time.Duration
		if d, err = time.ParseDuration(text); err == nil {
			return d, nil
		}
	}
	return 0, errors.New(`must be a duration with its unit, such as "5s" or "1m30s"`)
}

func boolOf(value any) (bool, error) {
	switch v := value.(type) {
	case untyped:
		switch strings.ToLower(string(v)) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	case bool:
		return v, nil
	case string:
		return false, errors.New("must be true or false: leave out the quotes")
	}
	return false, errors.New("must be true or false")
}

// value returns the value for printing, with a secret redacted, or nil if it is zero.
func (f field) value() any {
	switch p := f.at.(type) {
	case *string:
		if showsSecret(*p) {
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
	case *float64:
		if *p != 0 {
			return *p
		}
	case *bool:
		if *p {
			return true
		}
	case inverse:
		if *p.flag {
			return false
		}
	case *[]Kind:
		if len(*p) > 0 {
			var names []string
			for _, kind := range *p {
				names = append(names, kind.String())
			}
			return names
		}
	case *[]string:
		if len(*p) > 0 {
			return shownTexts(*p)
		}
	case *HostOrder:
		if *p != 0 {
			return p.String()
		}
	case *Role:
		if *p != 0 {
			return p.String()
		}
	}
	return nil
}

// equal compares the values of the same field of two configs.
func (f field) equal(other field) bool {
	if s, ok := f.at.(*Secret); ok {
		return s.Equal(*other.at.(*Secret))
	}
	if f.value() == nil || other.value() == nil { // a list may be empty in two ways
		return f.value() == nil && other.value() == nil
	}
	return reflect.DeepEqual(f.at, other.at)
}

// showsSecret tells texts that hold a password or key: a connection string that was put where a name belongs, or
// the PEM text of a private key.
func showsSecret(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(text, "://") || strings.Contains(text, "@tcp(") || strings.Contains(text, "@unix(") ||
		strings.Contains(lower, "password=") || strings.Contains(lower, "pwd=") || holdsPrivateKey(text)
}

func shownTexts(texts []string) []string {
	shown := slices.Clone(texts)
	for i, text := range shown {
		if showsSecret(text) {
			shown[i] = redacted
		}
	}
	return shown
}

// shownParam returns the value of a setting in Params for printing. No dialect takes a secret there, but one
// may have been put there by mistake, by its name or inside a connection string.
func shownParam(name, value string) string {
	switch strings.ToLower(value) {
	case "true", "false", "on", "off", "yes", "no":
		return value // under whatever name
	}
	if showsSecret(value) || namesSecret(name) {
		return redacted
	}
	return value
}

var secretWords = []string{"pass", "passwd", "password", "passphrase", "pwd", "secret", "token", "key", "credential", "credentials"}

// namesSecret reports whether a word in a name such as api_token, api-token or apiToken ends like that for a secret.
func namesSecret(name string) bool {
	lower := strings.ToLower(name)
	for _, word := range secretWords {
		for i := range lower {
			if end := i + len(word); strings.HasPrefix(lower[i:], word) && (end >= len(name) || endsWord(name[end-1], name[end])) {
				return true
			}
		}
	}
	return false
}

func endsWord(last, next byte) bool {
	switch {
	case 'a' <= next && next <= 'z', '0' <= next && next <= '9':
		return false
	case 'A' <= next && next <= 'Z':
		return 'a' <= last && last <= 'z'
	}
	return true
}

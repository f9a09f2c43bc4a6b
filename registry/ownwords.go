package registry

import (
	"net/url"
	"slices"
	"strings"
)

// ParseOption changes how [ParseDSN] reads a connection string.
type ParseOption func(dsn *string) error

// OwnWords takes the parameters with these names out of a connection string and puts them into the map: words of the program
// itself, such as the x-migrations-table of golang-migrate, which stand among those of the driver after the ?. Any other word
// that is not known is a setting of the session or an error, as the driver has it.
func OwnWords(into map[string]string, names ...string) ParseOption {
	return func(dsn *string) error {
		// A password of go-sql-driver may have a ? in it.
		at := strings.LastIndexByte(*dsn, '@') + 1
		before, query, found := strings.Cut((*dsn)[at:], "?")
		if !found {
			return nil
		}
		var rest []string
		for _, pair := range strings.Split(query, "&") {
			rawName, rawValue, _ := strings.Cut(pair, "=")
			name, err := url.QueryUnescape(rawName)
			if err != nil || !slices.Contains(names, name) {
				rest = append(rest, pair)
				continue
			}
			value, err := url.QueryUnescape(rawValue)
			if err != nil {
				return NewConfigError(name, "has a % that is not followed by two hexadecimal digits", "write a % as %25")
			}
			if _, twice := into[name]; twice {
				return NewConfigError(name, "is given twice", "keep one of them")
			}
			into[name] = value
		}
		*dsn = (*dsn)[:at] + before
		if len(rest) > 0 {
			*dsn += "?" + strings.Join(rest, "&")
		}
		return nil
	}
}

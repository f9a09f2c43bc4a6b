package registry

import "strings"

// ConfigError says which field of a [Config] cannot be used, why, and what to do. Several at once are joined
// as by [errors.Join].
type ConfigError struct {
	Field   string // as in JSON and URLs: "pool.min", "ssl.ca", "params.mode"
	Problem string // what is wrong with it; never the value of a secret
	Cure    string // what to write instead
}

// NewConfigError returns a [*ConfigError], which does not show the name of a field that may be a piece of a connection string.
func NewConfigError(field, problem, cure string) error {
	if showsSecret(field) || strings.ContainsAny(field, "=@") {
		field = redacted
	}
	return &ConfigError{field, problem, cure}
}

// wrongValue is the error for a field that cannot have its value, if err says why.
func wrongValue(field string, err error) error {
	if err == nil {
		return nil
	}
	return NewConfigError(field, err.Error(), "")
}

// Error gives field, problem and cure in one line.
func (e *ConfigError) Error() string {
	s := "config: " + e.Field + " " + e.Problem
	if e.Cure != "" {
		s += ": " + e.Cure
	}
	return s
}

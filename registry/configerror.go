package registry

// ConfigError says which field of a [Config] cannot be used, why, and what to do. Several at once are joined
// as by [errors.Join].
type ConfigError struct {
	Field   string // as in JSON and URLs: "pool.min", "ssl.ca", "params.mode"
	Problem string // what is wrong with it; never the value of a secret
	Cure    string // what to write instead
}

// Error gives field, problem and cure in one line.
func (e *ConfigError) Error() string {
	s := "config: " + e.Field + " " + e.Problem
	if e.Cure != "" {
		s += ": " + e.Cure
	}
	return s
}

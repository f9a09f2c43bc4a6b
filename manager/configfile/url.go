package configfile

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// url returns the config of a connection that is written as a URL.
func (f *File) url(raw json.RawMessage) (registry.Config, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return registry.Config{}, err
	}
	text, err := expandURL(text, "url")
	if err != nil {
		return registry.Config{}, err
	}
	return registry.ParseURL(text)
}

// expandURL expands the variables in a URL, which is that of a field. One that is only a part of it is
// percent-encoded, so that a password with an @ stays a password and a host cannot bring parameters along.
func expandURL(text, field string) (string, error) {
	encode := escape
	if parts, err := split(text); err == nil && len(parts) == 3 && parts[0].literal == "" && parts[2].literal == "" {
		encode = nil // the variable holds the whole URL
	}
	text, err := expand(text, encode)
	if err != nil {
		return "", &registry.ConfigError{Field: field, Problem: err.Error()}
	}
	return text, nil
}

// scheme returns what stands before the first colon of a URL.
func scheme(raw json.RawMessage) (string, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", err
	}
	parts, err := split(text)
	var start strings.Builder
	for _, p := range parts {
		var value string
		if value, err = p.value(); err != nil {
			break
		}
		start.WriteString(value)
		if scheme, _, found := strings.Cut(start.String(), ":"); found {
			return strings.ToLower(scheme), nil
		}
	}
	if err != nil {
		return "", &registry.ConfigError{Field: "url", Problem: err.Error()}
	}
	return "", &registry.ConfigError{Field: "url", Problem: "does not start with a dialect", Cure: "write it as " + dialects(form)}
}

func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

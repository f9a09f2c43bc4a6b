package sqlite

import (
	"net/url"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// NativeURI is URI of package native.
func NativeURI(cfg registry.Config) (string, error) {
	var r registry.Registry
	r.Register(Driver())
	if _, err := r.Resolve(&cfg); err != nil {
		return "", err
	}
	if err := cfg.Validate(); err != nil {
		return "", err
	}
	if cfg.Readers != nil {
		return "", wrong("readers", "is what conn.Open does, and a URI has no place for it", "make a further config of them")
	}
	path, set, err := locate(&cfg, &registry.Env{})
	if err != nil {
		return "", err
	}
	query := strings.TrimSuffix(set.query, "&")
	statements := set.patience() + set.writable.text
	for _, a := range set.writable.asked {
		statements += a.statement
	}
	statements += set.writable.last
	for statement := range strings.SplitSeq(strings.TrimSuffix(statements, ";"), ";") {
		if name, value, ok := strings.Cut(strings.TrimPrefix(statement, "pragma "), "="); ok {
			query += "&_pragma=" + url.QueryEscape(name+"("+value+")")
		}
	}
	return fileURI(path, strings.TrimPrefix(query, "&")), nil
}

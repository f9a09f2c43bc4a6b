package postgres

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// connectionParams are those that pgx parses. None of the values that pass can be mistaken for another setting.
var connectionParams = []registry.Param{
	{Name: "channel_binding", Words: []string{"disable", "prefer", "require"}},
	{Name: "require_auth", Check: isAuthList},
	{Name: "default_query_exec_mode", Words: []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"}},
	{Name: "statement_cache_capacity", Least: 1, Most: math.MaxInt32},
	{Name: "description_cache_capacity", Least: 1, Most: math.MaxInt32},
}

// ownParams are those that pgx knows nothing of.
var ownParams = []registry.Param{
	{Name: "environment", Words: []string{"ignore", "use"}},
}

var driverParams = slices.Concat(connectionParams, ownParams)

// settings is what Params and Session say.
type settings struct {
	session     map[string]string
	connection  []nameValue
	environment bool
}

func (set *settings) read(cfg *registry.Config) error {
	checked, err := words.CheckParams(cfg.Params)
	var wrong error
	set.session, wrong = sessionOf(cfg)
	set.environment = checked["environment"] == "use"
	for i := range connectionParams {
		name := connectionParams[i].Name
		if value, given := checked[name]; given {
			set.connection = append(set.connection, nameValue{name, value})
		}
	}
	return errors.Join(err, wrong)
}

// isAuthList accepts what https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-REQUIRE-AUTH
// does, as far as pgx has the methods.
func isAuthList(value string) error {
	const methods = "password, md5, gss, scram-sha-256, none"
	negated := strings.HasPrefix(value, "!")
	left := strings.Split(methods, ", ")
	for _, item := range strings.Split(value, ",") {
		method, not := strings.CutPrefix(item, "!")
		i := slices.Index(left, method)
		if not != negated || method == "" || i < 0 {
			return errors.New("must be some of " + methods + ", separated by commas, all or none with ! before it")
		}
		left[i] = "" // each only once
	}
	return nil
}

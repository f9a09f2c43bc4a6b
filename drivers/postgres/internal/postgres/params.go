package postgres

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// sessionParams are sent to the server at login, as they are.
var sessionParams = []registry.Param{
	{Name: "search_path", Check: notEmpty},
	{Name: "timezone", Check: notEmpty},
	{Name: "role", Check: notEmpty},
	{Name: "statement_timeout", Check: isTime},
	{Name: "lock_timeout", Check: isTime},
	{Name: "idle_in_transaction_session_timeout", Check: isTime},
	{Name: "idle_session_timeout", Check: isTime},
	{Name: "default_transaction_isolation", Words: []string{"read committed", "repeatable read", "serializable", "read uncommitted"}},
	{Name: "default_transaction_read_only", Words: []string{"on", "off"}},
}

// connectionParams are those that pgx parses. None of the values that pass can be mistaken for another setting.
var connectionParams = []registry.Param{
	{Name: "target_session_attrs", Words: []string{"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}},
	{Name: "channel_binding", Words: []string{"disable", "prefer", "require"}},
	{Name: "require_auth", Check: isAuthList},
	{Name: "default_query_exec_mode", Words: []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"}},
	{Name: "statement_cache_capacity", Least: 1, Most: math.MaxInt32},
	{Name: "description_cache_capacity", Least: 1, Most: math.MaxInt32},
}

// ownParams are those that pgx knows nothing of.
var ownParams = []registry.Param{
	{Name: "fallback_hosts", Check: notEmpty}, // hostsOf looks closer
	{Name: "environment", Words: []string{"ignore", "use"}},
}

// settings is what Params say.
type settings struct {
	session, connection []setting
	environment         bool
}

func readParams(params map[string]string) (settings, error) {
	checked, err := registry.CheckParams(params, ownParams, sessionParams, connectionParams)
	return settings{
		session:     pick(checked, sessionParams),
		connection:  pick(checked, connectionParams),
		environment: checked["environment"] == "use",
	}, err
}

// pick returns those params that are in the list.
func pick(params map[string]string, list []registry.Param) (picked []setting) {
	for _, p := range list {
		if value, given := params[p.Name]; given {
			picked = append(picked, setting{p.Name, value})
		}
	}
	return picked
}

func notEmpty(value string) error {
	if value == "" || strings.ContainsRune(value, 0) {
		return errors.New("must not be empty or contain NUL")
	}
	return nil
}

// isTime accepts a number with one of the units of
// https://www.postgresql.org/docs/current/config-setting.html#CONFIG-SETTING-NAMES-VALUES
func isTime(value string) error {
	unit := strings.TrimLeft(value, "0123456789")
	if unit != value {
		switch unit {
		case "", "us", "ms", "s", "min", "h", "d":
			return nil
		}
	}
	return errors.New("must be an integer of milliseconds, or one with a unit of us, ms, s, min, h or d")
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

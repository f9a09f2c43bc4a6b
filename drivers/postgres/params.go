//go:build postgres || alldrivers

package postgres

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// sessionParams are sent to the server at login, as they are.
var sessionParams = map[string]registry.ParamCheck{
	"search_path":                         notEmpty,
	"timezone":                            notEmpty,
	"role":                                notEmpty,
	"statement_timeout":                   isTime,
	"lock_timeout":                        isTime,
	"idle_in_transaction_session_timeout": isTime,
	"idle_session_timeout":                isTime,
	"default_transaction_isolation":       registry.OneOf("read committed", "repeatable read", "serializable", "read uncommitted"),
	"default_transaction_read_only":       registry.OneOf("on", "off"),
}

// connectionParams are those that pgx parses. None of the values that pass can be mistaken for another setting.
var connectionParams = map[string]registry.ParamCheck{
	"target_session_attrs":       registry.OneOf("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
	"channel_binding":            registry.OneOf("disable", "prefer", "require"),
	"require_auth":               isAuthList,
	"default_query_exec_mode":    registry.OneOf("cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"),
	"statement_cache_capacity":   registry.IntBetween(1, math.MaxInt32),
	"description_cache_capacity": registry.IntBetween(1, math.MaxInt32),
}

// ownParams are those that pgx knows nothing of.
var ownParams = map[string]registry.ParamCheck{
	"fallback_hosts": notEmpty, // hostsOf looks closer
	"environment":    registry.OneOf("ignore", "use"),
}

// settings is what Params say.
type settings struct {
	session, connection map[string]string
	environment         bool
}

func readParams(params map[string]string) (settings, error) {
	all := maps.Clone(ownParams)
	maps.Copy(all, sessionParams)
	maps.Copy(all, connectionParams)
	return settings{
		session:     pick(params, sessionParams),
		connection:  pick(params, connectionParams),
		environment: params["environment"] == "use",
	}, registry.CheckParams(params, all)
}

// pick returns those params that are in the list.
func pick(params map[string]string, list map[string]registry.ParamCheck) map[string]string {
	picked := maps.Clone(params)
	maps.DeleteFunc(picked, func(name, _ string) bool { return list[name] == nil })
	return picked
}

func notEmpty(value string) error {
	if value == "" || strings.ContainsRune(value, 0) {
		return errors.New("write something, without NUL, or leave it out")
	}
	return nil
}

// isTime accepts a number with one of the units of
// https://www.postgresql.org/docs/current/config-setting.html#CONFIG-SETTING-NAMES-VALUES
func isTime(value string) error {
	unit := strings.TrimLeft(value, "0123456789")
	if unit != value && slices.Contains([]string{"", "us", "ms", "s", "min", "h", "d"}, unit) {
		return nil
	}
	return errors.New("write a whole number of milliseconds, or one with a unit of us, ms, s, min, h or d")
}

// isAuthList accepts what https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-REQUIRE-AUTH
// does, as far as pgx has the methods.
func isAuthList(value string) error {
	methods := []string{"password", "md5", "gss", "scram-sha-256", "none"}
	negated := strings.HasPrefix(value, "!")
	seen := make(map[string]bool)
	for item := range strings.SplitSeq(value, ",") {
		method, not := strings.CutPrefix(item, "!")
		if not != negated || seen[method] || !slices.Contains(methods, method) {
			return errors.New("list some of " + strings.Join(methods, ", ") + ", separated by commas, all or none with ! before it")
		}
		seen[method] = true
	}
	return nil
}

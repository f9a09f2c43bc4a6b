//go:build mssql || alldrivers

package mssql

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/registry"
)

// settings is what Params say.
type settings struct {
	config   *msdsn.Config // of every connection; what Params do not set is left alone
	instance string
	partner  server // empty: none
	parallel bool   // all addresses of a host at once
	strict   bool
	method   string   // of authentication: password, token or windows; empty: password
	session  []string // statements for after the login and after each reset of the session
}

// params are checked and then applied one by one.
var params = map[string]struct {
	check registry.ParamCheck
	apply func(s *settings, value string)
}{
	"instance":            {isInstance, func(s *settings, v string) { s.instance = v }},
	"failoverPartner":     {isServer, func(s *settings, v string) { s.partner, _ = parseServer(v) }},
	"multiSubnetFailover": {isBool, func(s *settings, v string) { s.parallel = v == "true" }},
	"strict":              {isBool, func(s *settings, v string) { s.strict = v == "true" }},
	"authentication":      {registry.OneOf("password", "token", "windows"), func(s *settings, v string) { s.method = v }},
	"applicationIntent":   {registry.OneOf("ReadWrite", "ReadOnly"), func(s *settings, v string) { s.config.ReadOnlyIntent = v == "ReadOnly" }},
	"packetSize":          {registry.IntBetween(512, 32767), func(s *settings, v string) { s.config.PacketSize = uint16(number(v)) }},
	"workstationId":       {isLoginText, func(s *settings, v string) { s.config.Workstation = v }},
	"guidConversion":      {isBool, func(s *settings, v string) { s.config.Encoding.GuidConversion = v == "true" }},
	"timezone":            {isZone, func(s *settings, v string) { s.config.Encoding.Timezone, _ = time.LoadLocation(v) }},
	"language":            {isLanguage, func(s *settings, v string) { s.set("LANGUAGE N'" + v + "'") }},
	"lockTimeout":         {registry.IntBetween(-1, math.MaxInt32), func(s *settings, v string) { s.set("LOCK_TIMEOUT " + v) }},
	"xactAbort":           {isBool, func(s *settings, v string) { s.set("XACT_ABORT " + onOff[v]) }},
}

var onOff = map[string]string{"true": "ON", "false": "OFF"}

func (s *settings) set(option string) { s.session = append(s.session, "SET "+option) }

func readParams(given map[string]string, config *msdsn.Config) (settings, error) {
	set := settings{config: config}
	checks := make(map[string]registry.ParamCheck, len(params))
	for name, param := range params {
		checks[name] = param.check
	}
	if err := registry.CheckParams(given, checks); err != nil {
		return set, err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		params[name].apply(&set, given[name])
	}
	return set, nil
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // it has been checked
	return n
}

func isBool(value string) error { return registry.OneOf("true", "false")(value) }

func consistsOf(characters, value string) bool {
	return value != "" && strings.Trim(value, characters) == ""
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// isInstance accepts the names that SQL Server does.
// https://learn.microsoft.com/sql/sql-server/install/instance-configuration
func isInstance(value string) error {
	if len([]rune(value)) <= 16 && value != "" && !strings.ContainsAny(value, " \t\r\n\x00\\,;:'\"&@/") {
		return nil
	}
	return errors.New("write the name of an instance alone, such as SQLEXPRESS, of at most 16 characters")
}

// isLanguage accepts what is in syslanguages and needs no quoting but ' around it.
// https://learn.microsoft.com/sql/relational-databases/system-compatibility-views/sys-syslanguages-transact-sql
func isLanguage(value string) error {
	if value != "" && len(value) <= 128 && !strings.ContainsAny(value, "'\x00\r\n") {
		return nil
	}
	return errors.New("write a name or alias in sys.syslanguages, such as us_english or Deutsch")
}

func isZone(value string) error {
	if consistsOf(letters+digits+"_+-/", value) && value != "Local" {
		if _, err := time.LoadLocation(value); err == nil {
			return nil
		}
	}
	return errors.New("write UTC, or a name that this machine knows, such as Europe/Zurich")
}

func isLoginText(value string) error {
	if problem := loginText(value); problem != "" {
		return errors.New("it " + problem)
	}
	return nil
}

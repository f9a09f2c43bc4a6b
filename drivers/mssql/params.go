//go:build mssql || alldrivers

package mssql

import (
	"errors"
	"math"
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

var params = []registry.Param{
	{Name: "instance", Check: isInstance},
	{Name: "failoverPartner", Check: isServer},
	{Name: "multiSubnetFailover", Words: bools},
	{Name: "strict", Words: bools},
	{Name: "authentication", Words: []string{"password", "token", "windows"}},
	{Name: "applicationIntent", Words: []string{"ReadWrite", "ReadOnly"}},
	{Name: "packetSize", Least: 512, Most: 32767},
	{Name: "workstationId", Check: isLoginText},
	{Name: "guidConversion", Words: bools},
	{Name: "timezone", Check: isZone},
	{Name: "language", Check: isLanguage},
	{Name: "lockTimeout", Least: -1, Most: math.MaxInt32},
	{Name: "xactAbort", Words: bools},
}

var bools = []string{"true", "false"}

// apply sets what a param stands for.
func (s *settings) apply(name, value string) {
	on := value == "true"
	switch name {
	case "instance":
		s.instance = value
	case "failoverPartner":
		s.partner, _ = parseServer(value) // here and below, it has been checked
	case "multiSubnetFailover":
		s.parallel = on
	case "strict":
		s.strict = on
	case "authentication":
		s.method = value
	case "applicationIntent":
		s.config.ReadOnlyIntent = value == "ReadOnly"
	case "packetSize":
		n, _ := strconv.Atoi(value)
		s.config.PacketSize = uint16(n)
	case "workstationId":
		s.config.Workstation = value
	case "guidConversion":
		s.config.Encoding.GuidConversion = on
	case "timezone":
		s.config.Encoding.Timezone, _ = time.LoadLocation(value)
	case "language":
		s.set("LANGUAGE N'" + value + "'")
	case "lockTimeout":
		s.set("LOCK_TIMEOUT " + value)
	case "xactAbort":
		if on {
			s.set("XACT_ABORT ON")
		} else {
			s.set("XACT_ABORT OFF")
		}
	}
}

func (s *settings) set(option string) { s.session = append(s.session, "SET "+option) }

func readParams(given map[string]string, config *msdsn.Config) (settings, error) {
	set := settings{config: config}
	if err := registry.CheckParams(given, params); err != nil {
		return set, err
	}
	for i := range params { // in this order, so that the statements of a session are always the same
		if value, ok := given[params[i].Name]; ok {
			set.apply(params[i].Name, value)
		}
	}
	return set, nil
}

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

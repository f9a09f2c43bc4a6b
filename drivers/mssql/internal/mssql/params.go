package mssql

import (
	"errors"
	"strconv"
	"strings"

	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// settings is what Params say.
type settings struct {
	config   *msdsn.Config // of every connection; what Params do not set is left alone
	parallel bool          // all addresses of a host at once
	strict   bool
	method   string   // of authentication: password, token or windows; empty: password
	session  []string // statements for after the login and after each reset of the session
}

var params = []registry.Param{
	{Name: "instance", Check: isInstance},
	{Name: "multiSubnetFailover", Bool: true},
	{Name: "strict", Bool: true},
	{Name: "authentication", Words: []string{"password", "token", "windows"}},
	{Name: "packetSize", Least: 512, Most: 32767},
	{Name: "workstationId", Check: isLoginText},
	{Name: "guidConversion", Bool: true},
	{Name: "timezone", Check: isZone},
}

// apply sets what a param stands for.
func (s *settings) apply(name, value string) {
	on := value == "true"
	switch name {
	case "instance":
		s.config.Instance = value
	case "multiSubnetFailover":
		s.parallel = on
	case "strict":
		s.strict = on
	case "authentication":
		s.method = value
	case "packetSize":
		n, _ := strconv.Atoi(value) // here and below, it has been checked
		s.config.PacketSize = uint16(n)
	case "workstationId":
		s.config.Workstation = value
	case "guidConversion":
		s.config.Encoding.GuidConversion = on
	case "timezone":
		s.config.Encoding.Timezone, _ = network.Zone(value)
	}
}

// readSettings reads Params and Session.
func (c *connector) readSettings() []error {
	given, wrong := misplaced(c.cfg.Params)
	checked, err := registry.CheckParams(given, params)
	for name, value := range checked {
		c.set.apply(name, value)
	}
	session, bad := readSession(c.cfg.Session)
	c.set.session = session
	return append(append(wrong, err), bad...)
}

// isInstance accepts the names that SQL Server does.
// https://learn.microsoft.com/sql/sql-server/install/instance-configuration
func isInstance(value string) error {
	if len([]rune(value)) <= 16 && value != "" && !strings.ContainsAny(value, " \t\r\n\x00\\,;:'\"&@/") {
		return nil
	}
	return errors.New("must be the name of an instance alone, such as SQLEXPRESS, of at most 16 characters")
}

func isZone(value string) error {
	_, err := network.Zone(value)
	return err
}

func isLoginText(value string) error {
	if problem := loginText(value); problem != "" {
		return errors.New("must fit into a login: it " + problem)
	}
	return nil
}

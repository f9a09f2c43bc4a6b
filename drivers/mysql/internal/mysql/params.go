package mysql

import (
	"errors"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// driverParams set a field of the driver's config; see apply.
var driverParams = []registry.Param{
	{Name: "loc", Check: isLocation},
	{Name: "readTimeout", Check: isDuration},
	{Name: "writeTimeout", Check: isDuration},
	{Name: "maxAllowedPacket", Most: 1 << 30},
	{Name: "interpolateParams", Bool: true},
	{Name: "clientFoundRows", Bool: true},
	{Name: "multiStatements", Bool: true},
	{Name: "columnsWithAlias", Bool: true},
	{Name: "compress", Bool: true},
	{Name: "allowCleartextPasswords", Bool: true},
}

// apply sets what a param stands for; loc means something beside the session only.
func apply(c *mysql.Config, name, value string) {
	on := value == "true"
	switch name {
	case "readTimeout":
		c.ReadTimeout, _ = time.ParseDuration(value) // here and below, it has been checked
	case "writeTimeout":
		c.WriteTimeout, _ = time.ParseDuration(value)
	case "maxAllowedPacket":
		c.MaxAllowedPacket, _ = strconv.Atoi(value)
	case "interpolateParams":
		c.InterpolateParams = on
	case "clientFoundRows":
		c.ClientFoundRows = on
	case "multiStatements":
		c.MultiStatements = on
	case "columnsWithAlias":
		c.ColumnsWithAlias = on
	case "compress":
		_ = c.Apply(mysql.EnableCompression(on))
	case "allowCleartextPasswords":
		c.AllowCleartextPasswords = on
	}
}

// cleartext refuses what would show the password.
func cleartext(cfg *registry.Config, params map[string]string) error {
	if params["allowCleartextPasswords"] == "true" && cfg.TLS == nil && !network.IsSocket(cfg) {
		return wrong("params.allowCleartextPasswords", "would send the password over the network as it is", "set ssl=true")
	}
	return nil
}

func isDuration(value string) error {
	if d, err := time.ParseDuration(value); err == nil && d > 0 {
		return nil
	}
	return errors.New(`must be a duration with its unit, such as "30s"`)
}

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
	{Name: "interpolateParams", Words: network.Bools},
	{Name: "clientFoundRows", Words: network.Bools},
	{Name: "multiStatements", Words: network.Bools},
	{Name: "columnsWithAlias", Words: network.Bools},
	{Name: "compress", Words: network.Bools},
	{Name: "allowCleartextPasswords", Words: network.Bools},
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

// readSettings checks the params and the session of cfg and applies those of the driver to config. It returns the statements
// for the session.
func readSettings(cfg *registry.Config, config *mysql.Config) (statementsFor []string, err error) {
	params, err := words.CheckParams(cfg.Params)
	if params["allowCleartextPasswords"] == "true" && cfg.TLS == nil && !network.IsSocket(cfg) {
		err = &registry.ConfigError{
			Field: "params.allowCleartextPasswords", Problem: "would send the password over the network as it is", Cure: "set ssl=true",
		}
	}
	session, wrong := sessionOf(cfg)
	if err := errors.Join(err, wrong); err != nil {
		return nil, err
	}
	for name, value := range params {
		apply(config, name, value)
	}
	if config.Loc, err = zoneOf(params["loc"], session); err != nil {
		return nil, err
	}
	return statements(session), nil
}

func isDuration(value string) error {
	if d, err := time.ParseDuration(value); err == nil && d > 0 {
		return nil
	}
	return errors.New(`must be a duration with its unit, such as "30s"`)
}

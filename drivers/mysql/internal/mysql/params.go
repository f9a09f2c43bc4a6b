package mysql

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// sessionParams become part of a statement. What passes the checks needs no quoting but ' around it.
var sessionParams = []registry.Param{
	{Name: "time_zone", Check: isZone},
	{Name: "collation", Check: isCollation},
	{Name: "sql_mode", Check: isModes},
	{Name: "transaction_isolation", Words: []string{"READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"}},
	{Name: "wait_timeout", Least: 1, Most: 31536000},
	{Name: "lock_wait_timeout", Most: 31536000},
	{Name: "innodb_lock_wait_timeout", Most: 1073741824},
}

// driverParams set a field of the driver's config; see apply.
var driverParams = []registry.Param{
	{Name: "readTimeout", Check: isDuration},
	{Name: "writeTimeout", Check: isDuration},
	{Name: "maxAllowedPacket", Most: 1 << 30},
	{Name: "interpolateParams", Words: network.Bools},
	{Name: "clientFoundRows", Words: network.Bools},
	{Name: "multiStatements", Words: network.Bools},
	{Name: "columnsWithAlias", Words: network.Bools},
	{Name: "compress", Words: network.Bools},
	{Name: "rejectReadOnly", Words: network.Bools},
	{Name: "allowCleartextPasswords", Words: network.Bools},
}

// apply sets what a param stands for; those of the session are none of the config's.
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
	case "rejectReadOnly":
		c.RejectReadOnly = on
	case "allowCleartextPasswords":
		c.AllowCleartextPasswords = on
	}
}

// readParams checks the params of cfg and applies those of the driver to config. It returns the statements for the
// session.
func readParams(cfg *registry.Config, config *mysql.Config) (session []string, err error) {
	params, err := registry.CheckParams(cfg.Params, sessionParams, driverParams)
	if params["allowCleartextPasswords"] == "true" && cfg.TLS == nil && !network.IsSocket(cfg) {
		err = &registry.ConfigError{
			Field: "params.allowCleartextPasswords", Problem: "would send the password over the network as it is", Cure: "set ssl=true",
		}
	}
	if err != nil {
		return nil, err
	}
	for name, value := range params {
		apply(config, name, value)
	}
	config.Loc, _ = location(params["time_zone"]) // it has been checked
	return statements(params), nil
}

// statements returns those that make the session what the params say. One is enough unless the isolation
// level is among them: the variable has one name in MySQL and had another in MariaDB until version 11.1.
// https://dev.mysql.com/doc/refman/8.4/en/set-variable.html
func statements(params map[string]string) []string {
	set := "SET NAMES utf8mb4"
	if collation := params["collation"]; collation != "" {
		set += " COLLATE " + collation
	}
	zone := params["time_zone"]
	if zone == "" || zone == "UTC" {
		zone = "+00:00" // the server may not have the names
	}
	set += ", time_zone = '" + zone + "'"
	if modes, given := params["sql_mode"]; given {
		set += ", sql_mode = '" + modes + "'"
	}
	for _, name := range []string{"wait_timeout", "lock_wait_timeout", "innodb_lock_wait_timeout"} {
		if seconds, given := params[name]; given {
			set += ", " + name + " = " + seconds
		}
	}
	if level := params["transaction_isolation"]; level != "" {
		return []string{set, "SET SESSION TRANSACTION ISOLATION LEVEL " + strings.ReplaceAll(level, "-", " ")}
	}
	return []string{set}
}

// location returns the zone in which the server writes times when its time_zone is value.
func location(value string) (*time.Location, error) {
	if value == "" {
		return time.UTC, nil
	}
	if t, err := time.Parse("-07:00", value); err == nil && value != "Z" {
		return t.Location(), nil
	}
	zone, err := network.Zone(value)
	if err != nil {
		return nil, errors.New("must be UTC, an offset such as +02:00, or a name that this machine knows, such as Europe/Zurich")
	}
	return zone, nil
}

func isZone(value string) error {
	_, err := location(value)
	return err
}

func isCollation(value string) error {
	if name, ok := strings.CutPrefix(value, "utf8mb4_"); ok && network.IsWord(name, "") {
		return nil
	}
	return errors.New("must be a collation of utf8mb4, such as utf8mb4_bin")
}

func isModes(value string) error {
	if network.IsWord(value, ",") {
		return nil
	}
	return errors.New("must be modes such as STRICT_ALL_TABLES, separated by commas")
}

func isDuration(value string) error {
	if d, err := time.ParseDuration(value); err == nil && d > 0 {
		return nil
	}
	return errors.New(`must be a duration with its unit, such as "30s"`)
}

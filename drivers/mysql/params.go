//go:build mysql || alldrivers

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
var sessionParams = [...]struct {
	name  string
	check registry.ParamCheck
}{
	{"time_zone", isZone},
	{"collation", isCollation},
	{"sql_mode", isModes},
	{"transaction_isolation", isLevel},
	{"wait_timeout", isSeconds},
	{"lock_wait_timeout", isSeconds},
	{"innodb_lock_wait_timeout", isSeconds},
}

// driverParams set a field of the driver's config.
var driverParams = [...]struct {
	name  string
	check registry.ParamCheck
	apply func(c *mysql.Config, value string)
}{
	{"readTimeout", isDuration, func(c *mysql.Config, v string) { c.ReadTimeout, _ = time.ParseDuration(v) }},
	{"writeTimeout", isDuration, func(c *mysql.Config, v string) { c.WriteTimeout, _ = time.ParseDuration(v) }},
	{"maxAllowedPacket", isBytes, func(c *mysql.Config, v string) { c.MaxAllowedPacket, _ = strconv.Atoi(v) }},
	{"interpolateParams", isBool, func(c *mysql.Config, v string) { c.InterpolateParams = v == "true" }},
	{"clientFoundRows", isBool, func(c *mysql.Config, v string) { c.ClientFoundRows = v == "true" }},
	{"multiStatements", isBool, func(c *mysql.Config, v string) { c.MultiStatements = v == "true" }},
	{"columnsWithAlias", isBool, func(c *mysql.Config, v string) { c.ColumnsWithAlias = v == "true" }},
	{"compress", isBool, func(c *mysql.Config, v string) { _ = c.Apply(mysql.EnableCompression(v == "true")) }},
	{"rejectReadOnly", isBool, func(c *mysql.Config, v string) { c.RejectReadOnly = v == "true" }},
	{"allowCleartextPasswords", isBool, func(c *mysql.Config, v string) { c.AllowCleartextPasswords = v == "true" }},
}

// readParams checks the params of cfg and applies those of the driver to config.
func readParams(cfg registry.Config, config *mysql.Config) error {
	list := make(map[string]registry.ParamCheck)
	for _, param := range sessionParams {
		list[param.name] = param.check
	}
	for _, param := range driverParams {
		list[param.name] = param.check
	}
	err := registry.CheckParams(cfg.Params, list)
	if cfg.Params["allowCleartextPasswords"] == "true" && cfg.TLS == nil && !network.IsSocket(cfg) {
		err = errors.Join(err, &registry.ConfigError{
			Field: "params.allowCleartextPasswords", Problem: "would send the password over the network as it is", Cure: "set ssl=true",
		})
	}
	if err != nil {
		return err
	}
	for _, param := range driverParams {
		if value, given := cfg.Params[param.name]; given {
			param.apply(config, value)
		}
	}
	config.Loc, err = location(cfg.Params["time_zone"])
	return err
}

// session returns the statements that make the session what the params say. One is enough unless the isolation
// level is among them: the variable has one name in MySQL and had another in MariaDB until version 11.1.
// https://dev.mysql.com/doc/refman/8.4/en/set-variable.html
func session(params map[string]string) []string {
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
		return []string{set, "SET SESSION TRANSACTION ISOLATION LEVEL " + replace(level, '-', ' ')}
	}
	return []string{set}
}

// location returns the zone in which the server writes times when its time_zone is value.
func location(value string) (*time.Location, error) {
	if value == "" || value == "UTC" {
		return time.UTC, nil
	}
	if t, err := time.Parse("-07:00", value); err == nil && value != "Z" {
		return t.Location(), nil
	}
	if consistsOf(letters+digits+"_+-/", value) && value != "Local" {
		if l, err := time.LoadLocation(value); err == nil {
			return l, nil
		}
	}
	return nil, errors.New("write UTC, an offset such as +02:00, or a name that this machine knows, such as Europe/Zurich")
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

func consistsOf(characters, value string) bool { return strings.Trim(value, characters) == "" }

func isCollation(value string) error {
	if name, ok := strings.CutPrefix(value, "utf8mb4_"); ok && consistsOf(letters+digits+"_", name) {
		return nil
	}
	return errors.New("write a collation of utf8mb4, such as utf8mb4_bin")
}

func isModes(value string) error {
	if consistsOf(letters+digits+"_,", value) {
		return nil
	}
	return errors.New("write modes such as STRICT_ALL_TABLES, separated by commas")
}

func isZone(value string) error {
	_, err := location(value)
	return err
}

func isLevel(value string) error {
	return registry.OneOf("READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE")(value)
}

func isSeconds(value string) error { return registry.IntBetween(1, 31536000)(value) }

func isBytes(value string) error { return registry.IntBetween(0, 1<<30)(value) }

func isBool(value string) error { return registry.OneOf("true", "false")(value) }

func isDuration(value string) error {
	if d, err := time.ParseDuration(value); err == nil && d > 0 {
		return nil
	}
	return errors.New(`write a duration with its unit, such as "30s"`)
}

// replace puts one character in the place of another.
func replace(text string, from, to byte) string {
	b := []byte(text)
	for i := range b {
		if b[i] == from {
			b[i] = to
		}
	}
	return string(b)
}

package mysql

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/drivers/network"
	"github.com/patchbay-go/patchbay/registry"
)

// serversOwn is the value that leaves a setting as the server has it.
const serversOwn = "default"

// setting is what a word becomes that nothing else knows. The driver puts its value into a statement as it is; here it has to
// be a value, with quotes or without.
func setting(name, value string) (string, string, error) {
	name = settingName(name)
	if !network.IsWord(name, ".") {
		return "", "", network.Refuse("is no name of a setting", "correct it")
	}
	plain := network.Unquote(value)
	if plain == value && strings.ContainsAny(value, "()@'\"`") {
		return "", "", network.Refuse("is an expression, and only values are sent", "write the value that it has")
	}
	return name, plain, nil
}

// settingName returns the one name that a setting has here, whatever the server's version calls it.
func settingName(name string) string {
	switch name = strings.ToLower(name); name {
	case "tx_isolation":
		return "transaction_isolation"
	case "tx_read_only":
		return "transaction_read_only"
	case "collation_connection":
		return "collation"
	}
	return name
}

// sessionOf checks Session and returns it by the names that settings have here.
func sessionOf(cfg *registry.Config) (map[string]string, error) {
	if err := words.CheckSession(cfg.Session); err != nil {
		return nil, err
	}
	session := make(map[string]string, len(cfg.Session))
	err := registry.Each(cfg.Session, func(key, value string) error {
		name := settingName(key)
		if _, given := session[name]; given {
			return wrong("session."+key, "is given by two names", "keep one of them")
		}
		session[name] = value
		if err := checkSetting(name, value); err != nil {
			return wrong("session."+name, err.Error(), "")
		}
		return nil
	})
	return session, err
}

func checkSetting(name, value string) error {
	switch name {
	case "collation":
		return isCollation(value)
	case "transaction_isolation":
		return isLevel(value)
	case "transaction_read_only":
		return isFlag(value)
	}
	return nil
}

// levels are in the order of the numbers that stand for them.
// https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_transaction_isolation
var levels = []string{"READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}

func level(value string) int {
	if i := strings.Index("0123", value); i >= 0 && len(value) == 1 {
		return i
	}
	spaced := strings.ReplaceAll(value, "-", " ")
	return slices.IndexFunc(levels, func(level string) bool { return strings.EqualFold(level, spaced) })
}

func isLevel(value string) error {
	if level(value) < 0 {
		return errors.New("must be one of " + strings.Join(levels, ", "))
	}
	return nil
}

func isFlag(value string) error {
	if _, ok := network.Bool(value); !ok {
		return errors.New("must be on or off")
	}
	return nil
}

func isCollation(value string) error {
	if name, ok := strings.CutPrefix(value, "utf8mb4_"); ok && network.IsWord(name, "") {
		return nil
	}
	return errors.New("must be a collation of utf8mb4, such as utf8mb4_bin")
}

// statements returns those that make the session what it is to be. One is enough unless the isolation level or
// read-only is set: these variables have one name in MySQL and had another in MariaDB until version 11.1.
// https://dev.mysql.com/doc/refman/8.4/en/set-variable.html
func statements(session map[string]string) []string {
	set := "SET NAMES utf8mb4"
	if collation := session["collation"]; collation != "" {
		set += " COLLATE " + collation
	}
	set += ", time_zone = " + literal(zoneName(session))
	var second []string
	_ = registry.Each(session, func(name, value string) error { // always in the same order
		switch name {
		case "collation", "time_zone":
		case "transaction_isolation":
			second = append(second, "ISOLATION LEVEL "+levels[level(value)])
		case "transaction_read_only":
			mode := "READ WRITE"
			if on, _ := network.Bool(value); on {
				mode = "READ ONLY"
			}
			second = append(second, mode)
		default: // as a variable by its full name: without it, PASSWORD = 'x' is another statement
			set += ", @@SESSION." + name + " = " + literal(value)
		}
		return nil
	})
	if second == nil {
		return []string{set}
	}
	return []string{set, "SET SESSION TRANSACTION " + strings.Join(second, ", ")}
}

// zoneName is the time_zone of a session.
func zoneName(session map[string]string) string {
	if zone, given := session["time_zone"]; given && !strings.EqualFold(zone, "UTC") {
		return zone
	}
	return "+00:00" // the server may not have the names
}

// literal writes a value so that it is one under every sql_mode: a number as it is, since variables of numbers take no text, and
// a text with characters that some modes read in another way by its bytes.
// https://dev.mysql.com/doc/refman/8.4/en/charset-introducer.html
func literal(value string) string {
	for _, word := range []string{"DEFAULT", "TRUE", "FALSE"} {
		if strings.EqualFold(word, value) {
			return word
		}
	}
	if isNumber(value) {
		return value
	}
	for _, c := range []byte(value) {
		if c < ' ' || c > '~' || strings.IndexByte(`'"\`, c) >= 0 {
			return "_utf8mb4 x'" + hex.EncodeToString([]byte(value)) + "'"
		}
	}
	return "'" + value + "'"
}

func isNumber(text string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	const digits = "0123456789"
	return whole != "" && strings.Trim(whole, digits) == "" && (!point || fraction != "" && strings.Trim(fraction, digits) == "")
}

// zoneOf returns the zone in which times are read and sent: that of params.loc, or else the one of the session.
func zoneOf(loc string, session map[string]string) (*time.Location, error) {
	if loc != "" {
		return location(loc) // it has been checked
	}
	zone, given := session["time_zone"]
	switch {
	case !given:
		return time.UTC, nil
	case strings.EqualFold(zone, serversOwn) || strings.EqualFold(zone, "SYSTEM"):
		return nil, wrong("params.loc", "is missing, and session.time_zone leaves the zone to the server", "name the zone that times are to be read in, such as UTC")
	}
	found, err := location(zone)
	if err != nil || strings.EqualFold(zone, "Local") {
		return nil, wrong("session.time_zone", "must be UTC, an offset such as +02:00, or a name that this machine knows, such as Europe/Zurich", "or name the zone that times are to be read in as params.loc")
	}
	return found, nil
}

// location reads what loc of the driver is, or the offset that a time_zone can be.
func location(value string) (*time.Location, error) {
	if value == "Local" {
		return time.Local, nil
	}
	if t, err := time.Parse("-07:00", value); err == nil && value != "Z" {
		return t.Location(), nil
	}
	zone, err := network.Zone(value)
	if err != nil {
		return nil, errors.New("must be UTC, Local, an offset such as +02:00, or a name that this machine knows, such as Europe/Zurich")
	}
	return zone, nil
}

func isLocation(value string) error {
	_, err := location(value)
	return err
}

//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// param is one of the Params that a Config may hold. Its values are words from a list, numbers, or the name of
// a time zone: nothing that could carry SQL.
type param struct {
	name string
	values
	key    string // the parameter of the URI that it becomes; empty: the PRAGMA of its name
	preset string // the value where the Config has none; empty: whatever SQLite does
	file   bool   // only for a file, not in memory
	write  bool   // only for a file that is opened for writing
}

// keep is the journal mode that the file has.
const keep = "keep"

var (
	journalModes = words("wal", "delete", "truncate", "persist", "memory", "off", keep)
	anyCount     = number(0, math.MaxInt)
)

// params are in the order in which they take effect. Keys that start with an underscore are described at
// https://pkg.go.dev/modernc.org/sqlite#Driver.Open, mode and immutable at https://www.sqlite.org/uri.html, and
// the rest at https://www.sqlite.org/pragma.html.
var params = []param{
	{name: "mode", values: words("rwc", "rw", "ro"), key: "mode", file: true},
	{name: "immutable", values: flag, key: "immutable", file: true},
	{name: "busy_timeout", values: number(0, math.MaxInt32), key: "_busy_timeout", preset: "5000"},
	{name: "txlock", values: words("immediate", "deferred", "exclusive"), key: "_txlock", preset: "immediate"},
	{name: "time_format", values: words("sqlite", "datetime"), key: "_time_format", preset: "sqlite"},
	{name: "time_integer_format", values: words("unix", "unix_milli", "unix_micro", "unix_nano"), key: "_time_integer_format"},
	{name: "timezone", values: zone, key: "_timezone", preset: "UTC"},
	{name: "inttotime", values: flag, key: "_inttotime"},
	{name: "texttotime", values: flag, key: "_texttotime"},
	{name: "defensive", values: flag, key: "_defensive"},
	{name: "dqs", values: flag, key: "_dqs"},
	{name: "foreign_keys", values: flag, preset: "1"},
	{name: "recursive_triggers", values: flag},
	{name: "trusted_schema", values: flag},
	{name: "cache_size", values: number(math.MinInt32, math.MaxInt32)},
	{name: "temp_store", values: words("default", "file", "memory")},
	{name: "mmap_size", values: anyCount, file: true},
	{name: "secure_delete", values: words("on", "off", "true", "false", "yes", "no", "1", "0", "fast"), write: true},
	{name: "journal_mode", values: journalModes, preset: "wal", file: true, write: true},
	{name: "synchronous", values: words("off", "normal", "full", "extra"), preset: "normal", file: true, write: true},
	{name: "wal_autocheckpoint", values: anyCount, file: true, write: true},
	{name: "journal_size_limit", values: number(-1, math.MaxInt), file: true, write: true},
}

// settings are what the Params of a Config come to.
type settings struct {
	mode     string        // as in Params
	busy     time.Duration // busy_timeout
	query    url.Values    // of the URI
	always   string        // PRAGMA statements for each connection
	writable string        // further ones, for a file that turns out to be writable
}

// readParams checks the Params of a Config and fills in what it leaves open.
func readParams(given map[string]string, memory bool) (settings, error) {
	set := settings{mode: strings.ToLower(given["mode"]), query: make(url.Values)}
	checks := make(map[string]registry.ParamCheck)
	for _, p := range params {
		checks[p.name] = p.check
	}
	if err := registry.CheckParams(given, checks); err != nil {
		return set, err
	}

	var errs []error
	refuse := func(name, problem, cure string) {
		errs = append(errs, &registry.ConfigError{Field: "params." + name, Problem: problem, Cure: cure})
	}
	journal := ""
	for _, p := range params {
		value, asked := given[p.name]
		switch {
		case p.file && memory:
			if asked {
				refuse(p.name, "has no meaning for a database in memory", "leave it out")
			}
			continue
		case p.write && set.mode == "ro":
			if asked {
				refuse(p.name, "has no meaning with mode=ro", "leave one of them out")
			}
			continue
		case p.name == "synchronous" && journal != "wal" && !asked:
			continue // normal can lose the file with any other journal: https://www.sqlite.org/pragma.html#pragma_synchronous
		case !asked:
			value = p.preset
		}
		value = p.plain(value)
		if p.name == "journal_mode" {
			journal = value
		}
		switch pragma := "pragma " + p.name + " = " + value + ";"; {
		case value == "" || value == keep:
		case p.key != "":
			set.query.Set(p.key, value)
		case p.write && !asked:
			set.writable += pragma
		default:
			set.always += pragma
		}
	}
	ms, _ := strconv.Atoi(set.query.Get("_busy_timeout")) // a number, as checked above
	set.busy = time.Duration(ms) * time.Millisecond
	if set.query.Get("immutable") == "1" && set.mode != "ro" {
		refuse("immutable", "is on for a file that can be written", "add mode=ro")
	}
	return set, errors.Join(errs...)
}

// values are those that a param can have.
type values struct {
	check registry.ParamCheck
	plain func(string) string // how SQLite and the URI write a value that has passed the check
}

func words(list ...string) values {
	check := registry.OneOf(list...)
	return values{func(value string) error { return check(strings.ToLower(value)) }, strings.ToLower}
}

func number(least, most int) values {
	return values{registry.IntBetween(least, most), func(value string) string { return value }}
}

var flag = values{words("on", "off", "true", "false", "yes", "no", "1", "0").check, func(value string) string {
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1":
		return "1"
	case "":
		return ""
	}
	return "0"
}}

var zone = values{func(value string) error {
	if _, err := time.LoadLocation(value); err != nil || value == "" {
		return errors.New("use a name from the IANA Time Zone database, such as Europe/Zurich")
	}
	return nil
}, func(value string) string { return value }}

//go:build (sqlite || alldrivers) && ((linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (windows && (386 || amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (openbsd && (amd64 || arm64)) || (netbsd && amd64))

package sqlite

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/internal/errtree"
	"github.com/patchbay-go/patchbay/internal/percent"
	"github.com/patchbay-go/patchbay/registry"
)

// param is one of the Params that a Config may hold. Its values are words, flags, numbers, or the name of a
// time zone: nothing that could carry SQL. (It is all data, because functions in it would have to be put
// together whenever the program starts.)
type param struct {
	name        string
	key         string   // the parameter of the URI that it becomes; empty: the PRAGMA of its name
	flag        bool     // on or off; else
	words       []string // one of these, in either case; else
	least, most int      // a number; else, if both are 0, a time zone
	preset      string   // the value where the Config has none; empty: whatever SQLite does
	file        bool     // only for a file, not in memory
	write       bool     // only for a file that is opened for writing
}

// keep is the journal mode that the file has.
const keep = "keep"

var (
	flags        = []string{"on", "off", "true", "false", "yes", "no", "1", "0"}
	journalModes = []string{"wal", "delete", "truncate", "persist", "memory", "off", keep}
)

// params are in the order in which they take effect. Keys that start with an underscore are described at
// https://pkg.go.dev/modernc.org/sqlite#Driver.Open, mode and immutable at https://www.sqlite.org/uri.html, and
// the rest at https://www.sqlite.org/pragma.html.
var params = []param{
	{name: "mode", key: "mode", words: []string{"rwc", "rw", "ro"}, file: true},
	{name: "immutable", key: "immutable", flag: true, file: true},
	{name: "busy_timeout", key: "_busy_timeout", most: math.MaxInt32, preset: "5000"},
	{name: "txlock", key: "_txlock", words: []string{"immediate", "deferred", "exclusive"}, preset: "immediate"},
	{name: "time_format", key: "_time_format", words: []string{"sqlite", "datetime"}, preset: "sqlite"},
	{name: "time_integer_format", key: "_time_integer_format", words: []string{"unix", "unix_milli", "unix_micro", "unix_nano"}},
	{name: "timezone", key: "_timezone", preset: "UTC"},
	{name: "inttotime", key: "_inttotime", flag: true},
	{name: "texttotime", key: "_texttotime", flag: true},
	{name: "defensive", key: "_defensive", flag: true},
	{name: "dqs", key: "_dqs", flag: true},
	{name: "foreign_keys", flag: true, preset: "1"},
	{name: "recursive_triggers", flag: true},
	{name: "trusted_schema", flag: true},
	{name: "cache_size", least: math.MinInt32, most: math.MaxInt32},
	{name: "temp_store", words: []string{"default", "file", "memory"}},
	{name: "mmap_size", most: math.MaxInt, file: true},
	{name: "secure_delete", words: []string{"on", "off", "fast"}, write: true},
	{name: "journal_mode", words: journalModes, preset: "wal", file: true, write: true},
	{name: "synchronous", words: []string{"off", "normal", "full", "extra"}, preset: "normal", file: true, write: true},
	{name: "wal_autocheckpoint", most: math.MaxInt32, file: true, write: true},
	{name: "journal_size_limit", least: -1, most: math.MaxInt, file: true, write: true},
}

func (p *param) check(value string) error {
	switch {
	case p.flag:
		return (&registry.Param{Words: flags}).Verify(strings.ToLower(value))
	case p.words != nil:
		return (&registry.Param{Words: p.words}).Verify(strings.ToLower(value))
	case p.most != 0:
		return (&registry.Param{Least: p.least, Most: p.most}).Verify(value)
	}
	if _, err := time.LoadLocation(value); err != nil || value == "" {
		return errors.New("use a name from the IANA Time Zone database, such as Europe/Zurich")
	}
	return nil
}

// plain returns a value that has passed the check as SQLite and the URI write it.
func (p *param) plain(value string) string {
	switch {
	case value == "":
		return ""
	case p.words != nil:
		return strings.ToLower(value)
	case p.most != 0:
		return strings.TrimPrefix(value, "+")
	case !p.flag:
		return percent.Encode(value, "/:")
	}
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1":
		return "1"
	}
	return "0"
}

// settings are what the Params of a Config come to.
type settings struct {
	mode     string        // as in Params
	busy     time.Duration // busy_timeout
	query    string        // of the URI
	readable string        // PRAGMA statements for a connection that turns out to be able to read only
	writable string        // and for all others
}

// readParams checks the Params of a Config and fills in what it leaves open.
func readParams(given map[string]string, memory bool) (set settings, err error) {
	if len(given) > 0 {
		list := make([]registry.Param, len(params))
		for i := range params {
			list[i] = registry.Param{Name: params[i].name, Check: params[i].check}
		}
		if err := registry.CheckParams(given, list); err != nil {
			return set, err
		}
	}

	journal := ""
	for i := range params {
		p := &params[i]
		value, asked := given[p.name]
		problem, cure := "", "leave it out"
		switch {
		case p.file && memory:
			problem = "has no meaning for a database in memory"
		case p.write && set.mode == "ro":
			problem, cure = "has no meaning with mode=ro", "leave one of them out"
		case p.name == "synchronous" && journal != "wal" && !asked:
			continue // normal can lose the file with any other journal: https://www.sqlite.org/pragma.html#pragma_synchronous
		case p.name == "immutable" && asked && p.plain(value) == "1" && set.mode != "ro":
			problem, cure = "is on for a file that can be written", "add mode=ro"
		}
		if problem != "" {
			if asked {
				err = errtree.Join(err, &registry.ConfigError{Field: "params." + p.name, Problem: problem, Cure: cure})
			}
			continue
		}
		if !asked {
			value = p.preset
		}
		value = p.plain(value)
		switch p.name {
		case "mode":
			set.mode = value
		case "busy_timeout":
			ms, _ := strconv.Atoi(value) // it has passed the check
			set.busy = time.Duration(ms) * time.Millisecond
		case "journal_mode":
			journal = value
		}
		switch {
		case value == "" || value == keep:
		case p.key != "":
			set.query += p.key + "=" + value + "&"
		default:
			pragma := "pragma " + p.name + "=" + value + ";"
			set.writable += pragma
			if asked || !p.write {
				set.readable += pragma
			}
		}
	}
	return set, err
}

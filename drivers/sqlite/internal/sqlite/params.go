package sqlite

import (
	"errors"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-go/patchbay/registry"
)

// param is one of the Params that a Config may hold. Its values are words, flags, numbers, or the name of a
// time zone: nothing that could carry SQL.
type param struct {
	registry.Param
	key    string // the parameter of the URI that it becomes; empty: the PRAGMA of its name
	preset string // the value where the Config has none; empty: what SQLite does
	file   bool   // only for a file, not in memory
	write  bool   // only for a file that is opened for writing
}

// keep is the journal mode that the file has, and the time zone that a time has.
const keep = "keep"

var (
	flags        = []string{"on", "off", "true", "false", "yes", "no", "1", "0"}
	journalModes = []string{"wal", "delete", "truncate", "persist", "memory", "off", keep}
)

// params are in the order in which they take effect. Keys that start with an underscore are described at
// https://pkg.go.dev/modernc.org/sqlite#Driver.Open, mode and immutable at https://www.sqlite.org/uri.html, and
// the rest at https://www.sqlite.org/pragma.html.
var params = []param{
	{Param: registry.Param{Name: "mode", Words: []string{"rwc", "rw", "ro"}}, key: "mode", file: true},
	{Param: registry.Param{Name: "immutable", Words: flags}, key: "immutable", file: true},
	{Param: registry.Param{Name: "busy_timeout", Most: math.MaxInt32}, preset: "5000"},
	{Param: registry.Param{Name: "txlock", Words: []string{"immediate", "deferred", "exclusive"}}, key: "_txlock", preset: "immediate"},
	{Param: registry.Param{Name: "time_format", Words: []string{"sqlite", "datetime", "string_no_monotonic"}}, key: "_time_format", preset: "sqlite"},
	{Param: registry.Param{Name: "time_integer_format", Words: []string{"unix", "unix_milli", "unix_micro", "unix_nano"}}, key: "_time_integer_format"},
	{Param: registry.Param{Name: "timezone", Check: isZone}, key: "_timezone", preset: "UTC"},
	{Param: registry.Param{Name: "inttotime", Words: flags}, key: "_inttotime"},
	{Param: registry.Param{Name: "texttotime", Words: flags}, key: "_texttotime"},
	{Param: registry.Param{Name: "defensive", Words: flags}, key: "_defensive"},
	{Param: registry.Param{Name: "dqs", Words: flags}, key: "_dqs"},
	{Param: registry.Param{Name: "foreign_keys", Words: flags}, preset: "1"},
	{Param: registry.Param{Name: "journal_mode", Words: journalModes}, preset: "wal", file: true, write: true},
	{Param: registry.Param{Name: "synchronous", Words: []string{"off", "normal", "full", "extra"}}, preset: "normal", file: true, write: true},
}

func isZone(value string) error {
	if value == keep {
		return nil
	}
	if _, err := time.LoadLocation(value); err != nil || value == "" {
		return errors.New("must be a name from the IANA Time Zone database, such as Europe/Zurich")
	}
	return nil
}

// isFlag reports whether a param is on or off.
func (p *param) isFlag() bool { return slices.Equal(p.Words, flags) }

// written returns a value of a connection string as Params and Session have it.
func (p *param) written(value string) string {
	if p.isFlag() {
		return flagText(value)
	}
	return inWords(p.Name, value)
}

// plain returns a value that has been checked as SQLite and the URI write it.
func (p *param) plain(value string) string {
	if !p.isFlag() {
		return url.QueryEscape(value)
	}
	if isOn(value) {
		return "1"
	}
	return "0"
}

func isOn(value string) bool { return slices.Contains([]string{"on", "true", "yes", "1"}, value) }

// settings are what the Params of a Config come to.
type settings struct {
	memory   bool          // a database in memory
	mode     string        // as in Params
	journal  string        // journal_mode
	busy     time.Duration // busy_timeout
	query    string        // of the URI, without busy
	readable script        // for a connection that turns out to be able to read only
	writable script        // and for all others
}

// script is PRAGMA statements.
type script struct {
	text  string
	asked []answer // what SQLite answers with what it has, whatever it was asked for
	last  string   // for after these
}

// answer is what has come of a PRAGMA statement.
type answer struct{ field, statement, want string }

// answers has the pragmas that SQLite does not set in silence: the journal mode where the file system has no shared memory
// or other settings are against it, and mmap_size on a system where it has no such thing.
var answers = []string{"journal_mode", "mmap_size"}

// add adds the statement for a setting, which is a key of the field "params." or "session.".
func (s *script) add(field, name, value string) {
	statement := "pragma " + name + "=" + value + ";"
	switch {
	case slices.Contains(answers, name):
		s.asked = append(s.asked, answer{field + name, statement, value})
	case name == queryOnly:
		s.last = statement
	default:
		s.text += statement
	}
}

// readParams checks the Params of a Config and fills in what it leaves open. With noCreate it opens existing files
// only, and leaves their journal mode alone.
func readParams(given map[string]string, memory, noCreate bool) (set *settings, err error) {
	set = &settings{memory: memory}
	rest := make(map[string]string, len(given))
	var misplaced []error
	for _, name := range sorted(given) {
		if p := find(pragmas, strings.ToLower(name)); p != nil {
			misplaced = append(misplaced, wrong("params."+name, "is a setting of the session", "write session."+p.Name))
			continue
		}
		rest[name] = given[name]
	}
	given, err = registry.CheckParams(rest, listedParams)
	if err = errors.Join(append(misplaced, err)...); err != nil {
		return set, err
	}
	errs := checkTogether(given)
	if noCreate && !memory {
		if given["mode"] == "" || given["mode"] == "rwc" {
			given["mode"] = "rw"
		}
		if given["mode"] != "ro" {
			given["journal_mode"] = keep
		}
	}
	for i := range params {
		p := &params[i]
		value, asked := given[p.Name]
		errs = append(errs, set.readParam(p, value, asked))
	}
	return set, errors.Join(errs...)
}

func (set *settings) readParam(p *param, value string, asked bool) error {
	problem, cure := set.pointless(p)
	switch {
	case problem != "":
	case p.Name == "synchronous" && set.journal != "wal" && !asked:
		return nil // normal can lose the file with any other journal: https://www.sqlite.org/pragma.html#pragma_synchronous
	case p.Name == "immutable" && asked && p.plain(value) == "1" && set.mode != "ro":
		problem, cure = "is on for a file that can be written", "add mode=ro"
	}
	if problem != "" {
		if asked && value != keep {
			return wrong("params."+p.Name, problem, cure)
		}
		return nil
	}
	if !asked {
		value = p.preset
	}
	switch p.Name {
	case "mode":
		set.mode = value
	case "busy_timeout":
		ms, _ := strconv.Atoi(value) // it has been checked
		set.busy = time.Duration(ms) * time.Millisecond
		return nil
	case "journal_mode":
		set.journal = value
	}
	switch {
	case value == "" || value == keep:
	case p.key != "":
		set.query += p.key + "=" + p.plain(value) + "&"
	default:
		scripts := []*script{&set.writable, &set.readable}
		if !asked && p.write {
			scripts = scripts[:1]
		}
		for _, s := range scripts {
			s.add("params.", p.Name, p.plain(value))
		}
	}
	return nil
}

// pointless says why a setting has no meaning for the file or the database in memory.
func (set *settings) pointless(p *param) (problem, cure string) {
	switch {
	case p.file && set.memory:
		return "has no meaning for a database in memory", "leave it out"
	case p.write && set.mode == "ro":
		return "has no meaning with mode=ro", "leave one of them out"
	}
	return "", ""
}

// checkTogether reports params of which SQLite would ignore one because of another.
func checkTogether(given map[string]string) (errs []error) {
	if given["journal_mode"] == "off" && isOn(given["defensive"]) {
		errs = append(errs, wrong("params.journal_mode", "is off, which SQLite does not do with defensive=on", "choose another journal_mode, or leave out defensive"))
	}
	if given["time_format"] != "" && given["time_integer_format"] != "" {
		errs = append(errs, wrong("params.time_format", "has no meaning with time_integer_format", "leave one of them out"))
	}
	return errs
}

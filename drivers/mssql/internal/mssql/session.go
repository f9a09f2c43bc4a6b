package mssql

import (
	"cmp"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// options are the settings of a session that SET statements make, in the order in which they are set: LANGUAGE sets
// DATEFIRST and DATEFORMAT as well.
// https://learn.microsoft.com/sql/t-sql/statements/set-statements-transact-sql
var options = []registry.Param{
	{Name: "LANGUAGE", Check: isLanguage},
	{Name: "DATEFIRST", Least: 1, Most: 7},
	{Name: "DATEFORMAT", Words: []string{"mdy", "dmy", "ymd", "ydm", "myd", "dym"}},
	{Name: "LOCK_TIMEOUT", Least: -1, Most: math.MaxInt32},
	{Name: "DEADLOCK_PRIORITY", Words: []string{"LOW", "NORMAL", "HIGH", "-10", "-9", "-8", "-7", "-6", "-5", "-4", "-3", "-2", "-1", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}},
	{Name: "ANSI_NULLS", Words: onOff},
	{Name: "ANSI_NULL_DFLT_ON", Words: onOff},
	{Name: "ANSI_NULL_DFLT_OFF", Words: onOff},
	{Name: "ANSI_PADDING", Words: onOff},
	{Name: "ANSI_WARNINGS", Words: onOff},
	{Name: "ARITHABORT", Words: onOff},
	{Name: "ARITHIGNORE", Words: onOff},
	{Name: "CONCAT_NULL_YIELDS_NULL", Words: onOff},
	{Name: "CONTEXT_INFO", Check: isContextInfo},
	{Name: "CURSOR_CLOSE_ON_COMMIT", Words: onOff},
	{Name: "FORCEPLAN", Words: onOff},
	{Name: "NOCOUNT", Words: onOff},
	{Name: "NUMERIC_ROUNDABORT", Words: onOff},
	{Name: "QUERY_GOVERNOR_COST_LIMIT", Most: math.MaxInt32},
	{Name: "QUOTED_IDENTIFIER", Words: onOff},
	{Name: "REMOTE_PROC_TRANSACTIONS", Words: onOff},
	{Name: "ROWCOUNT", Most: math.MaxInt32},
	{Name: "TEXTSIZE", Least: -1, Most: math.MaxInt32},
	{Name: "XACT_ABORT", Words: onOff},
}

var onOff = []string{"ON", "OFF"}

// noOptions are SET statements that a session cannot be opened with, and why.
var noOptions = []struct{ names, problem, cure string }{
	{"ANSI_DEFAULTS", "it turns IMPLICIT_TRANSACTIONS on as well", "set the others by their names"},
	{"FIPS_FLAGGER OFFSETS", "it is about one batch", "write it into the batch"},
	{"FMTONLY NOEXEC PARSEONLY", "no statement would be executed", "leave it out"},
	{"IDENTITY_INSERT", "it is about one table", "write it before the INSERT, on the same connection"},
	{"IMPLICIT_TRANSACTIONS", "every statement would begin a transaction that nobody commits", "use BeginTx"},
	{"SHOWPLAN_ALL SHOWPLAN_TEXT SHOWPLAN_XML", "no statement would be executed", "set it on one connection"},
	{"STATISTICS_IO STATISTICS_TIME", "what it says goes nowhere", "set it on one connection"},
	{"STATISTICS_PROFILE STATISTICS_XML", "every statement would have further results", "set it on one connection"},
	{"TRANSACTION_ISOLATION_LEVEL", "it belongs to a transaction", "give it to BeginTx"},
}

// optionName returns a name as options has it: SET takes upper and lower case.
func optionName(name string) string { return strings.ReplaceAll(strings.ToUpper(name), " ", "_") }

// find returns the row of this name, or nil.
func find(list []registry.Param, name string) *registry.Param {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// readSession returns the statements for what Session says.
func readSession(given map[string]string) (statements []string, errs []error) {
	named := make(map[string]string, len(given))
	for _, key := range names(given) {
		name, value := optionName(key), given[key]
		problem, cure := noOption(name)
		other, twice := named[name]
		option := find(options, name)
		switch {
		case problem != "":
		case find(params, key) != nil:
			problem, cure = "is no setting of the session", "write params."+key
		case twice && other != value:
			problem, cure = "is given twice, in upper and in lower case", "keep one of them"
		case option != nil:
			named[name] = switched(option, value)
		default:
			named[key] = value
		}
		if problem != "" {
			errs = append(errs, &registry.ConfigError{Field: "session." + key, Problem: problem, Cure: cure})
		}
	}
	checked, err := registry.CheckSession(named, options)
	for i := range options {
		name := options[i].Name
		if value, ok := checked[name]; ok {
			if name == "LANGUAGE" {
				value = "N'" + value + "'"
			}
			statements = append(statements, "SET "+name+" "+value)
		}
	}
	return statements, append(errs, err)
}

// noOption says why a session cannot be opened with a SET statement.
func noOption(name string) (problem, cure string) {
	for _, no := range noOptions {
		if slices.Contains(strings.Split(no.names, " "), name) {
			return "is no setting for a session here, because " + no.problem, no.cure
		}
	}
	return "", ""
}

// switched returns the words of a switch as SET takes them; other values stay.
func switched(option *registry.Param, value string) string {
	if on, ok := boolean(value); ok && slices.Equal(option.Words, onOff) {
		if on {
			return "ON"
		}
		return "OFF"
	}
	return value
}

// misplaced are the errors for settings of the session in Params, and what is left without them.
func misplaced(given map[string]string) (rest map[string]string, errs []error) {
	rest = make(map[string]string, len(given))
	for _, key := range names(given) {
		name := cmp.Or(former[key], optionName(key))
		if find(options, name) == nil || find(params, key) != nil {
			rest[key] = given[key]
			continue
		}
		errs = append(errs, &registry.ConfigError{Field: "params." + key, Problem: "is a setting of the session", Cure: "write session." + name})
	}
	return rest, errs
}

// former are spellings of options, as other parameters are spelled.
var former = map[string]string{"lockTimeout": "LOCK_TIMEOUT", "xactAbort": "XACT_ABORT"}

// isLanguage accepts what is in syslanguages and needs no quoting but ' around it.
// https://learn.microsoft.com/sql/relational-databases/system-compatibility-views/sys-syslanguages-transact-sql
func isLanguage(value string) error {
	if value != "" && len(value) <= 128 && !strings.ContainsAny(value, "'\x00\r\n") {
		return nil
	}
	return errors.New("must be a name or alias in sys.syslanguages, such as us_english or Deutsch")
}

// isContextInfo accepts a binary constant.
// https://learn.microsoft.com/sql/t-sql/statements/set-context-info-transact-sql
func isContextInfo(value string) error {
	digits, ok := strings.CutPrefix(value, "0x")
	if raw, err := hex.DecodeString(digits); ok && err == nil && 0 < len(raw) && len(raw) <= 128 {
		return nil
	}
	return errors.New("must be at most 128 bytes as a binary constant, such as 0xCAFE")
}

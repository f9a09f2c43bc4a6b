package sqlite

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// pragmas are the settings of a connection that Session takes: https://www.sqlite.org/pragma.html
var pragmas = []param{
	{Param: registry.Param{Name: "analysis_limit", Most: math.MaxInt32}},
	{Param: registry.Param{Name: "auto_vacuum", Words: []string{"none", "full", "incremental"}}, write: true},
	{Param: registry.Param{Name: "automatic_index", Words: flags}},
	{Param: registry.Param{Name: "cache_size", Least: math.MinInt32, Most: math.MaxInt32}},
	{Param: registry.Param{Name: "cache_spill", Words: flags}},
	{Param: registry.Param{Name: "case_sensitive_like", Words: flags}},
	{Param: registry.Param{Name: "cell_size_check", Words: flags}},
	{Param: registry.Param{Name: "checkpoint_fullfsync", Words: flags}, file: true},
	{Param: registry.Param{Name: "fullfsync", Words: flags}, file: true},
	{Param: registry.Param{Name: "ignore_check_constraints", Words: flags}},
	{Param: registry.Param{Name: "journal_size_limit", Least: -1, Most: math.MaxInt}, file: true, write: true},
	{Param: registry.Param{Name: "legacy_alter_table", Words: flags}},
	{Param: registry.Param{Name: "locking_mode", Words: []string{"normal", "exclusive"}}, file: true},
	{Param: registry.Param{Name: "max_page_count", Least: 1, Most: math.MaxInt32}, write: true},
	{Param: registry.Param{Name: "mmap_size", Most: 0x7fff0000}, file: true}, // https://www.sqlite.org/compile.html#max_mmap_size
	{Param: registry.Param{Name: "query_only", Words: flags}},
	{Param: registry.Param{Name: "read_uncommitted", Words: flags}},
	{Param: registry.Param{Name: "recursive_triggers", Words: flags}},
	{Param: registry.Param{Name: "reverse_unordered_selects", Words: flags}},
	{Param: registry.Param{Name: "secure_delete", Words: []string{"on", "off", "fast"}}, write: true},
	{Param: registry.Param{Name: "temp_store", Words: []string{"default", "file", "memory"}}},
	{Param: registry.Param{Name: "threads", Most: math.MaxInt32}},
	{Param: registry.Param{Name: "trusted_schema", Words: flags}},
	{Param: registry.Param{Name: "wal_autocheckpoint", Most: math.MaxInt32}, file: true, write: true},
	{Param: registry.Param{Name: "writable_schema", Words: flags}},
}

// queryOnly is the PRAGMA that comes last, because others write.
const (
	queryOnly   = "query_only"
	queryOnlyOn = "pragma query_only=1;"
)

// notSettings are the other PRAGMAs by why no connection is opened with them.
var notSettings = []struct{ problem, cure, names string }{
	{"holds for one transaction only", "set it in the transaction", "defer_foreign_keys"},
	{"holds for the whole process", "set it with a statement, once", "hard_heap_limit soft_heap_limit temp_store_directory data_store_directory"},
	{"is a property of the file", "set it before the first table is made", "encoding page_size default_cache_size legacy_file_format"},
	{"is a number in the file", "set it with a statement", "application_id user_version schema_version"},
	{"is a way to look at a result that is no more", "leave it out", "count_changes empty_result_callbacks full_column_names short_column_names"},
	{"is for building SQLite itself", "leave it out", "parser_trace vdbe_addoptrace vdbe_debug vdbe_listing vdbe_trace stats"},
	{"asks or does something and sets nothing", "execute it as a statement", "collation_list compile_options data_version database_list foreign_key_check foreign_key_list freelist_count function_list incremental_vacuum index_info index_list index_xinfo integrity_check lock_status module_list optimize page_count pragma_list quick_check shrink_memory table_info table_list table_xinfo wal_checkpoint"},
}

// numbered returns what the numbers 0, 1, 2 ... of a PRAGMA stand for.
func numbered(name string) []string {
	switch name {
	case "auto_vacuum":
		return []string{"none", "full", "incremental"}
	case "secure_delete":
		return []string{"off", "on", "fast"}
	case "synchronous":
		return []string{"off", "normal", "full", "extra"}
	case "temp_store":
		return []string{"default", "file", "memory"}
	}
	return nil
}

// inWords returns the word for a number, or for true and false where the PRAGMA has on and off among others.
func inWords(name, value string) string {
	words := numbered(name)
	if n, err := strconv.Atoi(value); err == nil && 0 <= n && n < len(words) {
		return words[n]
	}
	if on, ok := boolean(value); ok && name == "secure_delete" {
		return onOrOff(on)
	}
	return value
}

func onOrOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func find(list []param, name string) *param {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// The lists as package registry checks values against them.
var listedParams, listedPragmas = listed(params), listed(pragmas)

func listed(list []param) (all []registry.Param) {
	for i := range list {
		all = append(all, list[i].Param)
	}
	return all
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// readSession adds the PRAGMA statements that Session stands for to those of Params.
func (set *settings) readSession(given map[string]string) error {
	if len(given) == 0 {
		return nil
	}
	var errs []error
	named := make(map[string]string, len(given))
	for _, key := range sorted(given) {
		name := strings.ToLower(key)
		problem, cure := set.refuses(name)
		if value, twice := named[name]; twice && value != given[key] {
			problem, cure = "is given twice, in upper and in lower case", "keep one of them"
		}
		if problem != "" {
			errs = append(errs, wrong("session."+key, problem, cure))
			continue
		}
		named[name] = inWords(name, given[key])
	}
	checked, err := registry.CheckSession(named, listedPragmas)
	var first script // because journal_mode writes the file, whose auto_vacuum cannot be set afterwards
	for i := range pragmas {
		p := &pragmas[i]
		if value, ok := checked[p.Name]; ok {
			first.add("session.", p.Name, p.plain(value))
		}
	}
	for _, s := range []*script{&set.readable, &set.writable} {
		*s = script{first.text + s.text, slices.Concat(first.asked, s.asked), first.last}
	}
	return errors.Join(append(errs, err)...)
}

// refuses says why a name is no setting of the session, or none that the file or the database in memory can have.
func (set *settings) refuses(name string) (problem, cure string) {
	p := find(pragmas, name)
	if p == nil && find(params, name) != nil {
		return "is a setting of the driver", "write params." + name
	}
	if p == nil {
		return notSetting(name)
	}
	if problem, cure = set.pointless(p); problem != "" {
		return problem, cure
	}
	switch {
	case name == "wal_autocheckpoint" && !slices.Contains([]string{"wal", keep}, set.journal):
		return "has no meaning with journal_mode=" + set.journal, "leave one of them out"
	case name == "journal_size_limit" && !slices.Contains([]string{"wal", "persist", keep}, set.journal):
		return "has no meaning with journal_mode=" + set.journal + ", which leaves no journal behind", "leave one of them out"
	}
	return "", ""
}

func notSetting(name string) (problem, cure string) {
	for _, not := range notSettings {
		if slices.Contains(strings.Split(not.names, " "), name) {
			return not.problem, not.cure
		}
	}
	return "", ""
}

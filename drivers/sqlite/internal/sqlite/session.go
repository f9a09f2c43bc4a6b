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
var notSettings = map[string]string{
	"holds for one transaction only: set it in the transaction":          "defer_foreign_keys",
	"holds for the whole process: set it with a statement, once":         "hard_heap_limit soft_heap_limit temp_store_directory data_store_directory",
	"is a property of the file: set it before the first table is made":   "encoding page_size default_cache_size legacy_file_format",
	"is a number in the file: set it with a statement":                   "application_id user_version schema_version",
	"is a way to look at a result that is no more: leave it out":         "count_changes empty_result_callbacks full_column_names short_column_names",
	"is for building SQLite itself: leave it out":                        "parser_trace vdbe_addoptrace vdbe_debug vdbe_listing vdbe_trace stats",
	"asks or does something and sets nothing: execute it as a statement": "collation_list compile_options data_version database_list foreign_key_check foreign_key_list freelist_count function_list incremental_vacuum index_info index_list index_xinfo integrity_check lock_status module_list optimize page_count pragma_list quick_check shrink_memory table_info table_list table_xinfo wal_checkpoint",
}

// numbered are the words for the numbers 0, 1, 2 ... of a PRAGMA.
var numbered = map[string][]string{
	"auto_vacuum":   {"none", "full", "incremental"},
	"secure_delete": {"off", "on", "fast"},
	"synchronous":   {"off", "normal", "full", "extra"},
	"temp_store":    {"default", "file", "memory"},
}

// inWords returns the word for a number, or for true and false where the PRAGMA has on and off among others.
func inWords(name, value string) string {
	if n, err := strconv.Atoi(value); err == nil && 0 <= n && n < len(numbered[name]) {
		return numbered[name][n]
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

func find(list []param, name string) (param, bool) {
	i := slices.IndexFunc(list, func(p param) bool { return p.Name == name })
	if i < 0 {
		return param{}, false
	}
	return list[i], true
}

// misplaced are the errors for settings of the connection in Params, and what is left without them.
func misplaced(given map[string]string) (map[string]string, error) {
	var errs []error
	rest := make(map[string]string, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := find(pragmas, strings.ToLower(name)); ok {
			errs = append(errs, &registry.ConfigError{Field: "params." + name, Problem: "is a setting of the session", Cure: "write session." + strings.ToLower(name)})
			continue
		}
		rest[name] = given[name]
	}
	return rest, errors.Join(errs...)
}

// readSession adds the PRAGMA statements that Session stands for to those of Params.
func (set *settings) readSession(given map[string]string) error {
	var errs []error
	wrong := func(key, problem, cure string) {
		errs = append(errs, &registry.ConfigError{Field: "session." + key, Problem: problem, Cure: cure})
	}
	named := make(map[string]string, len(given))
	for _, key := range slices.Sorted(maps.Keys(given)) {
		name := strings.ToLower(key)
		p, known := find(pragmas, name)
		value, twice := named[name]
		switch {
		case twice && value != given[key]:
			wrong(key, "is given twice, in upper and in lower case", "keep one of them")
		case known && p.file && set.memory:
			wrong(key, "has no meaning for a database in memory", "leave it out")
		case known && p.write && set.mode == "ro":
			wrong(key, "has no meaning with mode=ro", "leave one of them out")
		case name == "wal_autocheckpoint" && !slices.Contains([]string{"wal", keep}, set.journal):
			wrong(key, "has no meaning with journal_mode="+set.journal, "leave one of them out")
		case name == "journal_size_limit" && !slices.Contains([]string{"wal", "persist", keep}, set.journal):
			wrong(key, "has no meaning with journal_mode="+set.journal+", which leaves no journal behind", "leave one of them out")
		default:
			if _, isParam := find(params, name); isParam {
				wrong(key, "is a setting of the driver", "write params."+name)
			} else if problem, cure := notSetting(name); problem != "" {
				wrong(key, problem, cure)
			} else {
				named[name] = inWords(name, given[key])
			}
		}
	}
	list := make([]registry.Param, len(pragmas))
	for i, p := range pragmas {
		list[i] = p.Param
	}
	checked, err := registry.CheckSession(named, list)
	var first script // because journal_mode writes the file, whose auto_vacuum cannot be set afterwards
	for _, p := range pragmas {
		if value, ok := checked[p.Name]; ok {
			first.add("session.", p.Name, p.plain(value))
		}
	}
	for _, s := range []*script{&set.readable, &set.writable} {
		*s = script{first.text + s.text, slices.Concat(first.asked, s.asked), first.last}
	}
	return errors.Join(append(errs, err)...)
}

func notSetting(name string) (problem, cure string) {
	for why, names := range notSettings {
		if slices.Contains(strings.Fields(names), name) {
			problem, cure, _ = strings.Cut(why, ": ")
		}
	}
	return problem, cure
}

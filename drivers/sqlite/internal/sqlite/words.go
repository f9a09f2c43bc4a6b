package sqlite

import (
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// reading is what the parameters of a connection string come to.
type reading struct {
	uri             bool // SQLite reads its own parameters, which it does in a URI only
	memory          bool
	params, session map[string]string
}

// word is a parameter in the connection strings of SQLite's drivers.
type word struct {
	names string // its spellings, separated by spaces
	taker
}

type taker interface {
	take(r *reading, name, value string) error
}

// call is for what no other word does.
type call func(r *reading, name, value string) error

func (f call) take(r *reading, name, value string) error { return f(r, name, value) }

// words are these parameters, and what becomes of each here. They are those of
//
//	modernc.org/sqlite            https://pkg.go.dev/modernc.org/sqlite#Driver.Open
//	github.com/mattn/go-sqlite3   https://github.com/mattn/go-sqlite3#connection-string
//	SQLite itself, in a URI       https://www.sqlite.org/uri.html
var words = []word{
	{"_pragma", call((*reading).takePragmas)},
	{"_busy_timeout _timeout", setting("busy_timeout")},
	{"_foreign_keys _fk", setting("foreign_keys")},
	{"_journal_mode _journal", setting("journal_mode")},
	{"_synchronous _sync", setting("synchronous")},
	{"_auto_vacuum _vacuum", setting("auto_vacuum")},
	{"_cache_size", setting("cache_size")},
	{"_case_sensitive_like _cslike", setting("case_sensitive_like")},
	{"_ignore_check_constraints", setting("ignore_check_constraints")},
	{"_locking_mode _locking", setting("locking_mode")},
	{"_query_only", setting("query_only")},
	{"_recursive_triggers _rt", setting("recursive_triggers")},
	{"_secure_delete", setting("secure_delete")},
	{"_writable_schema", setting("writable_schema")},
	{"_defer_foreign_keys _defer_fk", &never{"holds for one transaction only", "set it in the transaction"}},
	{"_txlock", keepAs("txlock")},
	{"_time_format", keepAs("time_format")},
	{"_time_integer_format", keepAs("time_integer_format")},
	{"_timezone", keepAs("timezone")},
	{"_loc", call(func(r *reading, name, value string) error {
		if strings.EqualFold(value, "auto") {
			value = "Local"
		}
		return r.keep(name, "timezone", value)
	})},
	{"_inttotime", keepAs("inttotime")},
	{"_texttotime", keepAs("texttotime")},
	{"_dqs", keepAs("dqs")},
	{"_defensive", keepAs("defensive")},
	{"_error_rc _mutex _stmt_cache_size", drop{}}, // how errors read, and what a pool of connections does by itself
	{"_timefmt", &never{"is of github.com/ncruces/go-sqlite3", "write time_format=sqlite, or another that is listed there"}},
	{"_auth _auth_user _auth_pass _auth_crypt _auth_salt", &never{"belongs to users of SQLite, which SQLite has given up", "leave it out, and protect the file"}},
	{"_key _pragma_key _crypto_key _cipher _pragma_cipher_page_size _hexkey key hexkey", &never{"is for an encrypted file, which SQLite itself cannot read", "encrypt the disk, or use a driver of SQLCipher"}},
	{"load_extension _load_extension extension extensions _extensions enable_load_extension", &never{"loads an extension from a library of C, which modernc.org/sqlite cannot", "register functions with modernc.org/sqlite"}},

	{"mode", call(func(r *reading, name, value string) error {
		if err := r.ofURI(name); err != nil {
			return err
		}
		if strings.EqualFold(value, "memory") {
			r.memory = true
			return nil
		}
		return r.keep(name, "mode", value)
	})},
	{"immutable", call(func(r *reading, name, value string) error {
		if err := r.ofURI(name); err != nil {
			return err
		}
		return r.keep(name, "immutable", flagText(value))
	})},
	{"cache", call(func(_ *reading, name, value string) error {
		if strings.EqualFold(value, "private") {
			return nil
		}
		return wrong(name, "is shared, where busy_timeout does not hold", "leave it out: a pool has one database in memory for all its connections, named :memory:")
	})},
	{"vfs", call(func(_ *reading, name, value string) error {
		if value == "" || value == "unix" && runtime.GOOS != "windows" || value == "win32" && runtime.GOOS == "windows" {
			return nil // the default
		}
		return wrong(name, "is another way to files than the default, whose locks and journals are not known", "leave it out, and write :memory: for memdb")
	})},
	{"nolock", &dropIf{false, "opens the file without locks: a second connection would damage it", "leave it out, or use immutable=on with mode=ro"}},
	{"psow", &dropIf{true, "is about the hardware and cannot be set", "leave it out"}},
	{"modeof", &never{"gives a new file the permissions of another, which cannot be had", "make the file first"}},
}

func wordOf(name string) (word, bool) {
	for _, w := range words {
		if slices.Contains(strings.Split(w.names, " "), strings.ToLower(name)) {
			return w, true
		}
	}
	return word{}, false
}

// take does what a word means. An empty value says nothing, as in the drivers.
func (r *reading) take(w word, value string) error {
	if value == "" {
		return nil
	}
	return w.take(r, strings.Split(w.names, " ")[0], value)
}

func wrong(name, problem, cure string) error {
	return registry.NewConfigError(name, problem, cure)
}

// ofURI refuses what has no effect after a plain name, though it seems to.
func (r *reading) ofURI(name string) error {
	if !r.uri {
		return wrong(name, "has no effect after a plain file name", "write file: before the name, or leave it out")
	}
	return nil
}

func (r *reading) keep(word, param, value string) error { return put(&r.params, word, param, value) }

func put(m *map[string]string, word, name, value string) error {
	if old, ok := (*m)[name]; ok && !strings.EqualFold(old, value) {
		return wrong(word, "says something else than another parameter for the same", "keep one of them")
	}
	if *m == nil {
		*m = make(map[string]string)
	}
	(*m)[name] = value
	return nil
}

// keepAs leaves a word in Params, under the name that it has here.
type keepAs string

func (name keepAs) take(r *reading, word, value string) error {
	return r.keep(word, string(name), find(params, string(name)).written(value))
}

type setting string

func (name setting) take(r *reading, _, value string) error { return r.setting(string(name), value) }

// setting puts the value of a PRAGMA into Params or Session.
func (r *reading) setting(name, value string) error {
	if p := find(params, name); p != nil && p.key == "" {
		if n, err := strconv.Atoi(value); err == nil && n < 0 && name == "busy_timeout" {
			value = "0" // https://www.sqlite.org/pragma.html#pragma_busy_timeout
		}
		return r.keep(name, name, p.written(value))
	}
	p := find(pragmas, name)
	if p == nil {
		return wrong("_pragma", "names a PRAGMA that is no setting of a connection", "execute it as a statement")
	}
	return put(&r.session, name, name, p.written(value))
}

// takePragmas reads name(value) and name=value. There may be several, which are separated by semicolons where
// they come from one parameter of a URL. Nothing else gets through, because it would be executed.
func (r *reading) takePragmas(word, text string) error {
	for one := range strings.SplitSeq(text, ";") {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		name, value, found := strings.Cut(one, "=")
		if before, after, ok := strings.Cut(one, "("); ok && (!found || len(before) < len(name)) {
			name = before
			value, found = strings.CutSuffix(after, ")")
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if n := len(value); n > 1 && value[0] == value[n-1] && strings.ContainsRune(`'"`, rune(value[0])) {
			value = value[1 : n-1]
		}
		if !found || value == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			return wrong(word, "is not a name with a value", "write _pragma=foreign_keys(1)")
		}
		if err := r.setting(name, value); err != nil {
			return err
		}
	}
	return nil
}

// boolean reads what SQLite and its drivers take for true and false.
func boolean(value string) (on, ok bool) {
	switch strings.ToLower(value) {
	case "1", "true", "t", "yes", "on":
		return true, true
	case "0", "false", "f", "no", "off":
		return false, true
	}
	return false, false
}

// flagText returns a flag as Params have it; what is none is an error of the connector.
func flagText(value string) string {
	if on, ok := boolean(value); ok {
		return onOrOff(on)
	}
	return value
}

// drop is for what is done anyway.
type drop struct{}

func (drop) take(*reading, string, string) error { return nil }

// never is for what cannot be had.
type never struct{ problem, cure string }

func (n *never) take(_ *reading, name, _ string) error { return wrong(name, n.problem, n.cure) }

// dropIf drops the value that means what is done anyway, and refuses the other.
type dropIf struct {
	done          bool
	problem, cure string
}

func (d *dropIf) take(_ *reading, name, value string) error {
	if on, ok := boolean(value); ok && on == d.done {
		return nil
	}
	return wrong(name, d.problem, d.cure)
}

package sqlite

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	modernc "modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/registry"
)

func TestConnectionStrings(t *testing.T) {
	testdriver.Driver{Driver: Driver()}.URLs(t, "../../testdata/urls.txt", 10)
}

// TestEveryWordIsKnown compares with the drivers' documentation: what they take is here, as a parameter or an error.
func TestEveryWordIsKnown(t *testing.T) {
	for name := range strings.FieldsSeq(`
		_pragma _busy_timeout _timeout _foreign_keys _fk _journal_mode _journal _synchronous _sync _auto_vacuum _vacuum
		_query_only _time_format _time_integer_format _inttotime _texttotime _timezone _txlock _dqs _defensive _error_rc
		vfs mode cache immutable nolock psow modeof
		_auth _auth_user _auth_pass _auth_crypt _auth_salt _case_sensitive_like _cslike _defer_foreign_keys _defer_fk
		_ignore_check_constraints _locking_mode _locking _mutex _recursive_triggers _rt _secure_delete _loc
		_writable_schema _cache_size _stmt_cache_size`) {
		if _, ok := wordOf(name); !ok {
			t.Errorf("%s is not known", name)
		}
	}
}

func TestImportTakesWordsOnce(t *testing.T) {
	for _, c := range []struct{ given, want registry.Config }{
		{
			registry.Config{Params: map[string]string{"_fk": "Yes", "_pragma": "cache_size(7); synchronous = 'NORMAL'", "cache": "private", "_dqs": "f", "x": "y"}},
			registry.Config{Params: map[string]string{"foreign_keys": "on", "synchronous": "NORMAL", "dqs": "off", "x": "y"}, Session: map[string]string{"cache_size": "7"}},
		},
		{ // what is set wins
			registry.Config{Params: map[string]string{"_fk": "1", "foreign_keys": "off", "_cache_size": "7"}, Session: map[string]string{"cache_size": "8"}},
			registry.Config{Params: map[string]string{"foreign_keys": "off"}, Session: map[string]string{"cache_size": "8"}},
		},
	} {
		cfg := c.given.Clone()
		for range 2 {
			if err := new(dialect).Import(&cfg); err != nil || !cfg.Equal(c.want) {
				t.Errorf("%v becomes %v, %v; want %v", c.given, cfg, err, c.want)
			}
		}
	}
	for _, params := range []map[string]string{
		{"_fk": "1", "_foreign_keys": "0"},
		{"cache": "shared"},
		{"vfs": "memdb"},
		{"_load_extension": "x.so"},
		{"mode": "memory"},
		{"_pragma": "foreign_keys"},
		{"_pragma": "table_info(t)"},
		{"_pragma": "foreign_keys(1);ATTACH 'x' AS y"},
		{"_defer_fk": "1"},
	} {
		if err := new(dialect).Import(&registry.Config{Params: params}); err == nil {
			t.Errorf("%v is taken", params)
		}
	}
}

// TestADSNKeepsItsMeaning compares what a connection is set to with what modernc.org/sqlite sets for the same string.
func TestADSNKeepsItsMeaning(t *testing.T) {
	for _, parameters := range []string{
		"", "?_pragma=journal_mode(wal)", "?_fk=on&_timeout=7", "?_journal=WAL&_sync=1&_pragma=cache_size(-64)",
		"?_pragma=temp_store(2)&_pragma=recursive_triggers=yes&_vacuum=FULL&_pragma=mmap_size(4096)", "?_query_only=true",
		"?_pragma=secure_delete(fast)&_pragma=locking_mode(EXCLUSIVE)&_pragma=threads(2)",
	} {
		dsn := "file:" + filepath.Join(t.TempDir(), "ours.db") + parameters
		cfg, err := new(dialect).ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		connector, err := Driver().Connector(cfg, registry.Env{})
		if err != nil {
			t.Fatal(err)
		}
		their, err := modernc.NewConnector("file:" + filepath.Join(t.TempDir(), "theirs.db") + parameters)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := sql.OpenDB(connector), sql.OpenDB(their)
		for _, p := range append([]string{"foreign_keys", "busy_timeout", "journal_mode", "synchronous", "page_size"}, names(pragmas)...) {
			var got, want sql.NullString
			err := ours.QueryRow("pragma " + p).Scan(&got)
			wrong := theirs.QueryRow("pragma " + p).Scan(&want)
			if got != want || (err == nil) != (wrong == nil) {
				t.Errorf("%s: %s is %v, %v; modernc.org/sqlite has %v, %v", parameters, p, got, err, want, wrong)
			}
		}
		for _, db := range []*sql.DB{ours, theirs} {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestParamsWinOverADSN: its journal mode, which is that of the file, does not stand in the way of reading only.
func TestParamsWinOverADSN(t *testing.T) {
	for _, given := range []registry.Config{
		{Params: map[string]string{"mode": "ro"}}, {Filename: memoryName}, {Params: map[string]string{"journal_mode": "delete"}},
	} {
		var r registry.Registry
		r.Register(Driver())
		given.Dialect, given.DSN = "sqlite", registry.NewSecret("x.db")
		cfg := given
		_, err := r.Resolve(&cfg)
		if err == nil {
			_, err = Driver().Connector(cfg, registry.Env{})
		}
		if err != nil || cfg.Params["foreign_keys"] != "off" {
			t.Errorf("%v: got %v, %v", given.Params, cfg, err)
		}
	}
}

func names(list []param) (all []string) {
	for _, p := range list {
		all = append(all, p.Name)
	}
	return all
}

// TestTimesOfModernc: rows that modernc.org/sqlite has written compare with new ones in its format.
func TestTimesOfModernc(t *testing.T) {
	cfg, err := new(dialect).ParseDSN("file:" + filepath.Join(t.TempDir(), "x.db") + "?_time_format=string_no_monotonic")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Params["timezone"] = keep
	connector, err := Driver().Connector(cfg, registry.Env{})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.FixedZone("CEST", 2*3600))
	var text string
	if err := db.QueryRow("select ?", at).Scan(&text); err != nil || text != at.String() {
		t.Errorf("got %q, %v; want %q", text, err, at)
	}
}

func TestURIOpensTheSame(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a?b.db")
	uri, err := NativeURI(registry.Config{
		Dialect: "sqlite", Filename: name, Params: map[string]string{"busy_timeout": "7"}, Session: map[string]string{"cache_size": "-64", "temp_store": "2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", uri)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for p, want := range map[string]string{
		"busy_timeout": "7", "cache_size": "-64", "temp_store": "2", "journal_mode": "wal", "synchronous": "1", "foreign_keys": "1",
	} {
		var got string
		if err := db.QueryRow("pragma " + p).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", p, got, err, want)
		}
	}
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
	if uri, err := NativeURI(registry.Config{Dialect: "sqlite", Host: "h"}); err == nil {
		t.Errorf("got %s", uri)
	}
}

const canary = "hunter2hunter2"

// TestNoWordShowsItsValue: not in the error, and not of what it becomes.
func TestNoWordShowsItsValue(t *testing.T) {
	for _, w := range words {
		for name := range strings.FieldsSeq(w.names) {
			for _, value := range []string{canary, "foreign_keys(" + canary + ")", canary + "(1)"} {
				cfg := registry.Config{Dialect: "sqlite", Filename: "x.db", Params: map[string]string{name: value}}
				err := new(dialect).Import(&cfg)
				if err == nil {
					_, err = Driver().Connector(cfg, registry.Env{})
				}
				if err == nil || strings.Contains(err.Error(), canary) {
					if err != nil || !slices.Contains([]string{"_error_rc", "_mutex", "_stmt_cache_size"}, name) {
						t.Errorf("%s=%s gives %v", name, value, err)
					}
				}
			}
		}
	}
}

// FuzzDSN: what is read names the file that modernc.org/sqlite would open, and no error shows a value.
func FuzzDSN(f *testing.F) {
	for _, seed := range []string{
		"x.db", "file:x.db", ":memory:", "file::memory:?cache=shared", "file:///a/b%20c.db?_fk=1", "file:%zz", "?x", "x?_pragma=journal_mode(wal)",
		"file://localhost/x?mode=ro", "file:x%00y", "file:a?mode=memory", "file:file%3Ax", "file:x#y", "//x", "file:?x", "file:///?_key=k",
		"x.db?_busy_timeout=-1", "file:x?_loc=auto&_timezone=UTC", "file:x?vfs=memdb&nolock=1", "a%41", "file:a+b?immutable=yes",
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, dsn string) {
		for _, text := range []string{dsn, dsn + "?_key=" + canary, "file:" + canary + dsn, dsn + "&" + canary, dsn + "&_fk=" + canary} {
			if _, err := new(dialect).ParseDSN(text); err != nil && strings.Contains(err.Error(), canary) {
				t.Fatalf("%q: %v", text, err)
			}
		}
		cfg, err := new(dialect).ParseDSN(dsn)
		if err != nil {
			return
		}
		if cfg.Params["journal_mode"] == "" && cfg.Params["mode"] != "ro" && !inMemory(cfg.Filename) {
			t.Errorf("%q: the journal mode is ours", dsn)
		}
		_, set, err := locate(&cfg, &registry.Env{})
		if err != nil || strings.ContainsAny(set.writable.text, "'\"") || strings.ContainsAny(dsn, "\n/\\") {
			return // a name that is refused; or one that could be of a file outside of the folder
		}
		t.Chdir(dir)
		checkSameFile(t, dsn, cfg, *set)
	})
}

// checkSameFile opens the string with modernc.org/sqlite, and looks at the name of the file.
func checkSameFile(t *testing.T, dsn string, cfg registry.Config, set settings) {
	connector, err := modernc.NewConnector(dsn)
	if err != nil {
		return
	}
	theirs := sql.OpenDB(connector)
	defer theirs.Close()
	var file string
	if theirs.QueryRow("select file from pragma_database_list where name='main'").Scan(&file) != nil {
		return // which they do not accept
	}
	defer os.Remove(file)
	want, err := filepath.Abs(cfg.Filename)
	if set.memory {
		want = ""
	}
	if err == nil && file != want {
		t.Errorf("%q opens %q; modernc.org/sqlite opens %q", dsn, want, file)
	}
}

// TestOurKeysKeepTheirMeaning: no word of the clients is a key of a Config.
func TestOurKeysKeepTheirMeaning(t *testing.T) {
	for _, key := range testdriver.Keys() {
		if w, known := wordOf(key); known {
			t.Errorf("%s is a word of the clients: %s", key, w.names)
		}
	}
}

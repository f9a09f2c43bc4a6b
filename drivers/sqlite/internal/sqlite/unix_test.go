//go:build unix

package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

// What is tested here other systems do in other ways: any name but one with a slash or NUL is allowed, files
// can be deleted while they are open, and pipes lie among files.

func TestANameIsTheFileOnDisk(t *testing.T) {
	for _, name := range []string{
		"a?b#c%20.db", "a&mode=memory", "x.db?_pragma=user_version(7)", "größe 数据库.db", "-", " x.db ", "a+b.db", "a=b;c.db", "%", "%41", "..db",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			db := open(t, name, "journal_mode", "delete")
			exec(t, db, "create table t (a)")
			if entries, _ := os.ReadDir(dir); len(entries) != 1 || entries[0].Name() != name {
				t.Errorf("opening %q made %v", name, entries)
			}
			if got := query[string](t, db, "select file from pragma_database_list"); filepath.Base(got) != name {
				t.Errorf("SQLite calls it %q", got)
			}
			if v := query[int](t, db, "pragma user_version"); v != 0 {
				t.Errorf("the name has set the user version to %d", v)
			}
		})
	}
}

func TestALinkIsFollowedBeforeDotDot(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll("real/sub", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real/sub", "link"); err != nil {
		t.Fatal(err)
	}
	exec(t, open(t, "link/../x.db"), "create table t (a)")
	if _, err := os.Stat("real/x.db"); err != nil {
		t.Errorf("link/../x.db is not where the operating system finds it: %v", err)
	}
}

func TestAFileThatWasDeletedWhileOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	db := open(t, name, "journal_mode", "delete")
	exec(t, db, "create table t (a)")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	_, err := db.Exec("insert into t values (1)")
	failure{registry.KindReadOnly, 1032, nil, "deleted while it was open"}.check(t, err)
}

func TestAnAbsoluteNameNeedsNoWorkingDirectory(t *testing.T) {
	gone := t.TempDir()
	t.Chdir(gone)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "x.db")
	exec(t, open(t, name), "create table t (a)")
	_, err := sqlite.Driver().Connector(config("x.db"), registry.Env{})
	var wrong *registry.ConfigError
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "working directory") {
		t.Errorf("a relative name gives %v", err)
	}
}

func TestANameThatIsTooLong(t *testing.T) {
	t.Chdir(t.TempDir())
	deep := strings.Repeat(strings.Repeat("d", 100)+"/", 5)
	if err := os.MkdirAll(deep, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{
		strings.Repeat("a", 248): "longer than the 247 bytes",
		deep + "x.db":            "longer than the 504 bytes",
	} {
		_, err := sqlite.Driver().Connector(config(name), registry.Env{})
		var wrong *registry.ConfigError
		if !errors.As(err, &wrong) || wrong.Field != "filename" || !strings.Contains(err.Error(), says) {
			t.Errorf("opening a name of %d bytes gives %v", len(name), err)
		}
	}
	exec(t, open(t, strings.Repeat("a", 247)), "create table t (a)")
	failure{registry.KindCannotOpen, 14, []string{"file name too long"}, "correct the name"}.check(t, ping(t, config(strings.Repeat("a", 256)+"/x.db")))
}

func TestTooManyOpenFilesIsNamed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	copyFile(t, name)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = 3 // standard input, output and error
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	err := ping(t, config(name))
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	failure{registry.KindCannotOpen, 14, []string{name, "too many open files"}, "limit of open files"}.check(t, err)
}

func TestAPipeDoesNotHoldUpConnect(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o666); err != nil {
		t.Fatal(err)
	}
	failure{registry.KindCannotOpen, 0, []string{name, "not a regular file"}, "name a file"}.check(t, ping(t, config(name, "mode", "ro")))
}

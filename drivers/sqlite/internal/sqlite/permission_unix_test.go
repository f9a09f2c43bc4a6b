//go:build unix

package sqlite_test

import (
	"bytes"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

const nobody = 65534

// asUser reports whether the test may go on. Permissions mean nothing to root, so root runs the test again in
// a process of another user, and stops here.
func asUser(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	dir, err := os.MkdirTemp("", "user") // unlike t.TempDir, directly in a folder that everybody may enter
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "test"), program, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "test")} {
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	cmd := osexec.Command(filepath.Join(dir, "test"), "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as user %d: %v\n%s", nobody, err, out)
	}
	return false
}

// folder returns a folder in which the prepared files are all there can ever be.
func folder(t *testing.T, prepare func(dir string)) string {
	t.Helper()
	dir := t.TempDir()
	prepare(dir)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestReadingInAFolderThatCannotBeWritten(t *testing.T) {
	if !asUser(t) {
		return
	}
	name := filepath.Join(folder(t, func(dir string) { copyFile(t, filepath.Join(dir, "x.db")) }), "x.db")
	for _, params := range [][]string{{"mode", "ro"}, {"mode", "ro", "immutable", "on"}} {
		readCities(t, name, params...)
		if !bytes.Equal(read(t, name), madeBySQLite3) {
			t.Errorf("%v: the file has changed", params)
		}
	}
	failure{registry.KindReadOnly, 1544, []string{name}, "immutable=on"}.check(t, ping(t, config(name)))
}

func TestTheWriteAheadLogInAFolderThatCannotBeWritten(t *testing.T) {
	if !asUser(t) {
		return
	}
	name := filepath.Join(folder(t, func(dir string) {
		copyFile(t, filepath.Join(dir, "x.db"))
		if err := ping(t, config(filepath.Join(dir, "x.db"))); err != nil {
			t.Fatal(err)
		}
	}), "x.db")
	failure{registry.KindReadOnly, 1544, nil, "immutable=on"}.check(t, ping(t, config(name, "mode", "ro")))
	readCities(t, name, "mode", "ro", "immutable", "on")
}

func TestAFileThatMayNotBeWrittenIsRead(t *testing.T) {
	if !asUser(t) {
		return
	}
	name := filepath.Join(t.TempDir(), "x.db")
	copyFile(t, name)
	if err := os.Chmod(name, 0o444); err != nil {
		t.Fatal(err)
	}
	readCities(t, name)
	readCities(t, name, "mode", "rw")
	if !bytes.Equal(read(t, name), madeBySQLite3) {
		t.Error("the file has changed")
	}
	failure{registry.KindReadOnly, 8, []string{name}, "may not write it"}.check(t, ping(t, config(name, "journal_mode", "wal")))
}

func TestMissingPermissionsAreNamed(t *testing.T) {
	if !asUser(t) {
		return
	}
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.db")
	if err := os.WriteFile(secret, madeBySQLite3, 0); err != nil {
		t.Fatal(err)
	}
	failure{registry.KindCannotOpen, 14, []string{secret, "permission denied"}, "right to read"}.check(t, ping(t, config(secret)))

	full := folder(t, func(string) {})
	failure{registry.KindCannotOpen, 14, []string{"may not create files in the folder", full}, "mode=ro"}.check(t, ping(t, config(full+"/x.db")))

	closed := filepath.Join(dir, "closed")
	if err := os.MkdirAll(filepath.Join(closed, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(closed, 0o777)
	for _, name := range []string{closed + "/x.db", closed + "/sub/x.db"} {
		failure{registry.KindCannotOpen, 14, []string{"permission denied"}, "let this user into the folder"}.check(t, ping(t, config(name)))
	}
}

func TestAJournalThatCannotBeDeleted(t *testing.T) {
	if !asUser(t) {
		return
	}
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "x.db"), "journal_mode", "delete")
	exec(t, db, "create table t (a)")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("insert into t values (1)"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	err = tx.Commit()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	failure{registry.KindIO, 2570, []string{"disk I/O error"}, "check the disk"}.check(t, err)
}

package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	modernc "modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

// failure is what an error must be, say and advise.
type failure struct {
	kind registry.Kind
	code int      // of SQLite; 0: it was not asked
	says []string // parts of the text
	hint string   // part of the advice
}

func (want failure) check(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	err = fmt.Errorf("wrapped: %w", err)
	if kind := sqlite.Driver().Diagnose(err).Kind; kind != want.kind {
		t.Errorf("%q is of kind %q, want %q", err, kind, want.kind)
	}
	code := 0
	if e := (*modernc.Error)(nil); errors.As(err, &e) {
		code = e.Code()
	}
	if code != want.code {
		t.Errorf("%q carries the code %d, want %d", err, code, want.code)
	}
	for _, part := range want.says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if d := sqlite.Driver().Diagnose(err); !strings.Contains(d.Hint, want.hint) || want.hint == "" && d.Hint != "" {
		t.Errorf("%q has the hint %q, want %q", err, d.Hint, want.hint)
	}
}

func TestAPathThatCannotBeOpenedSaysWhy(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("text", []byte("no folder"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, mode string
		why, hint  string
	}{
		{"no/such/x.db", "rwc", fmt.Sprintf("the folder %q does not exist", filepath.Join(dir, "no/such")), "create the folder"},
		{"no/such/x.db", "ro", fmt.Sprintf("the folder %q does not exist", filepath.Join(dir, "no/such")), "create the folder"},
		{"text/x.db", "rwc", fmt.Sprintf("%q is not a folder", filepath.Join(dir, "text")), "correct the name"},
		{".", "rwc", "it is a folder", "name a file in it"},
		{"x.db", "ro", "the file does not exist, and mode=ro creates none", "mode=rwc"},
		{"x.db", "rw", "the file does not exist, and mode=rw creates none", "mode=rwc"},
	} {
		t.Run(tt.mode+" "+tt.name[:min(len(tt.name), 20)], func(t *testing.T) {
			name := tt.name
			if name == "." {
				name = dir
			}
			failure{registry.KindCannotOpen, 14, []string{name, tt.why, "unable to open database file"}, tt.hint}.check(t, ping(t, config(name, "mode", tt.mode)))
		})
	}
}

func TestAFileThatIsNoDatabase(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(name, []byte(strings.Repeat("no database ", 1000)), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"rwc", "rw", "ro"} {
		failure{registry.KindCorrupt, 26, []string{"file is not a database"}, "encrypted"}.check(t, ping(t, config(name, "mode", mode)))
	}
}

func TestADamagedFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	damaged := append([]byte(nil), madeBySQLite3...)
	for i := 4096; i < len(damaged); i++ { // all pages but the first
		damaged[i] = 0xff
	}
	if err := os.WriteFile(name, damaged, 0o666); err != nil {
		t.Fatal(err)
	}
	err := open(t, name).QueryRow("select name from city").Scan(new(string))
	failure{registry.KindCorrupt, 11, []string{"malformed"}, "integrity_check"}.check(t, err)
}

func TestASnapshotThatIsOutOfDate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	db := open(t, name, "txlock", "deferred")
	exec(t, db, "create table t (a)")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	query[int](t, tx, "select count(*) from t")
	exec(t, db, "insert into t values (1)")
	_, err = tx.Exec("insert into t values (2)")
	failure{registry.KindConflict, 517, nil, "run the transaction again"}.check(t, err)
}

func TestATableThatIsStillBeingRead(t *testing.T) {
	db := open(t, ":memory:")
	exec(t, db, "create table t (a)")
	exec(t, db, "insert into t values (1), (2)")
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, err := conn.QueryContext(t.Context(), "select a from t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	rows.Next()
	_, err = conn.ExecContext(t.Context(), "drop table t")
	failure{registry.KindBusy, 6, nil, "close its rows"}.check(t, err)
}

func TestADatabaseThatIsFull(t *testing.T) {
	db := open(t, ":memory:")
	db.SetMaxOpenConns(1)
	exec(t, db, "create table t (a)")
	exec(t, db, "pragma max_page_count = 3")
	_, err := db.Exec("insert into t values (zeroblob(100000))")
	failure{registry.KindIO, 13, nil, "full"}.check(t, err)
}

func TestUnknownNamesInAttach(t *testing.T) {
	db := open(t, ":memory:")
	for _, uri := range []string{"file:/x?vfs=nfs", "file:/x?mode=append"} {
		_, err := db.Exec("attach '" + uri + "' as x")
		failure{registry.KindConfig, 1, []string{"no such"}, ""}.check(t, err)
	}
}

func TestErrorsOfOthersHaveNoKind(t *testing.T) {
	_, syntax := open(t, ":memory:").Exec("selekt 1")
	for _, err := range []error{nil, syntax, sql.ErrNoRows, context.Canceled, os.ErrNotExist} {
		want := registry.Diagnosis{}
		if err == syntax {
			want = registry.Diagnosis{Kind: registry.KindSyntax, Code: "1"}
		}
		if d := sqlite.Driver().Diagnose(err); d != want {
			t.Errorf("the diagnosis of %v is %+v, want %+v", err, d, want)
		}
	}
}

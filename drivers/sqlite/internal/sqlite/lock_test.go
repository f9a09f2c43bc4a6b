package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-go/patchbay/drivers/sqlite/internal/sqlite"
	"github.com/patchbay-go/patchbay/registry"
)

// locked makes a file that another connection has locked for itself.
func locked(t *testing.T) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "x.db")
	db := open(t, name, "journal_mode", "delete", "txlock", "exclusive")
	exec(t, db, "create table t (a)")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
	return name
}

func TestALockIsWaitedForAsLongAsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := locked(t)
		for _, tt := range []struct {
			busy string
			want time.Duration
		}{
			{"5000", 5 * time.Second},
			{"250", 250 * time.Millisecond},
			{"0", 0},
		} {
			params := []string{"busy_timeout", tt.busy}
			if tt.busy == "5000" {
				params = nil // the default
			}
			start := time.Now()
			err := ping(t, config(name, params...))
			if took := time.Since(start); took != tt.want {
				t.Errorf("with busy_timeout=%s it took %v", tt.busy, took)
			}
			failure{registry.KindBusy, 5, []string{name, "database is locked"}, "busy_timeout"}.check(t, err)
		}
	})
}

func TestACanceledContextEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := locked(t)
		c := connector(t, name)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := c.Connect(ctx)
		if !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		failure{registry.KindUnknown, 0, []string{name, "waiting for a lock"}, "busy_timeout"}.check(t, err) // whose context it was the caller knows
	})
}

// TestTheSwitchToTheWriteAheadLogWaits: also for a writer, where SQLite itself would give up at once.
func TestTheSwitchToTheWriteAheadLogWaits(t *testing.T) {
	for _, txlock := range []string{"deferred", "immediate"} {
		synctest.Test(t, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "x.db")
			other := open(t, name, "journal_mode", "delete", "txlock", txlock)
			exec(t, other, "create table t (a)")
			tx, err := other.Begin()
			if err != nil {
				t.Fatal(err)
			}
			query[int](t, tx, "select count(*) from t")

			start := time.Now()
			failure{registry.KindBusy, 5, []string{name}, "raise it"}.check(t, ping(t, config(name)))
			if took := time.Since(start); took < 4800*time.Millisecond || took > 5*time.Second {
				t.Errorf("beside a transaction that is %s, it gave up after %v", txlock, took)
			}

			time.AfterFunc(time.Second, func() {
				if err := tx.Commit(); err != nil {
					t.Error(err)
				}
			})
			if mode := query[string](t, open(t, name), "pragma journal_mode"); mode != "wal" {
				t.Errorf("beside a transaction that is %s, the journal mode is %s", txlock, mode)
			}
		})
	}
}

const processes = 16

// TestManyProcessesOpenTheSameNewFile: the switch to the write-ahead log is where they would get in each
// other's way.
func TestManyProcessesOpenTheSameNewFile(t *testing.T) {
	if name := os.Getenv("OPEN_NEW_FILE"); name != "" {
		openNewFile(name)
	}
	name := filepath.Join(t.TempDir(), "new.db")
	var started []*osexec.Cmd
	var starts []io.Closer
	for range processes {
		cmd := osexec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), "OPEN_NEW_FILE="+name)
		cmd.Stderr = os.Stderr
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
			t.Errorf("a process says %q, %v", line, err)
		}
		started, starts = append(started, cmd), append(starts, stdin)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("the file is there before any process opens it")
	}
	for _, stdin := range starts {
		if err := stdin.Close(); err != nil {
			t.Error(err)
		}
	}
	for i, cmd := range started {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
	db := open(t, name)
	if mode, n := query[string](t, db, "pragma journal_mode"), query[int](t, db, "select count(*) from t"); mode != "wal" || n != processes {
		t.Errorf("the file is in mode %s and holds the rows of %d processes", mode, n)
	}
}

// openNewFile is one of the processes. It waits until its input is closed.
func openNewFile(name string) {
	c, err := sqlite.Driver().Connector(registry.Config{Filename: name}, registry.Env{})
	if err == nil {
		fmt.Println("ready")
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	if err == nil {
		db := sql.OpenDB(c)
		_, err = db.Exec("create table if not exists t (pid); insert into t values (?)", os.Getpid())
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

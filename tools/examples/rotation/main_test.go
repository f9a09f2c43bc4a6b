package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	_ "github.com/patchbay-go/patchbay/drivers/mysql/native"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/internal/testuser"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// The password changes on the server and in the vault, which here is a file; all connections are closed; and a query
// succeeds a second later, although the old password was good for another hour.
func TestThePasswordChanges(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no cat")
	}
	for _, s := range []*testserver.Server{testserver.Postgres(t), testserver.MariaDB(t)} {
		u := testuser.New(t, s)
		vault := filepath.Join(t.TempDir(), "vault")
		rotate := func() {
			password := rand.Text()
			u.SetPassword(password)
			if err := os.WriteFile(vault, []byte(password+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		rotate()
		cfg := u.Config()
		url := fmt.Sprintf("%s://%s@%s:%d/%s", cfg.Dialect, cfg.User, cfg.Host, cfg.Port, cfg.Database)
		db, err := open(t.Context(), url, fromCommand([]string{"cat", vault}, time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range 3 {
			start := time.Now()
			for err := ask(t.Context(), db); err != nil; err = ask(t.Context(), db) {
				if time.Since(start) > 30*time.Second {
					t.Fatalf("%s: %v", cfg.Dialect, err)
				}
				time.Sleep(100 * time.Millisecond) // a login that is younger than a second is not asked for again
			}
			rotate()
			db.Trim() // closes the connections, so that the next query needs the new password
		}
	}
}

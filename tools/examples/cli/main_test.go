package main

import (
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/mysql/native"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// cli builds the program and returns what it prints, or says instead.
func cli(t *testing.T, tags string) (binary string, run func(args ...string) string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "cli")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.Command("go", "build", "-tags", tags, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary, func(args ...string) string {
		out, _ := exec.Command(binary, args...).CombinedOutput() // the output is looked at
		return strings.TrimSpace(string(out))
	}
}

func TestSlimBuilds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.db")
	create(t, conn.Config{Dialect: "sqlite", Filename: file})
	for tags, want := range map[string]string{"": "cli: missing driver for sqlite: rebuild with -tags sqlite", "sqlite": "cli_example"} {
		binary, run := cli(t, tags)
		if got := run("sqlite:" + filepath.ToSlash(file)); got != want {
			t.Errorf("tags %q: got %s, want %s", tags, got, want)
		}
		modules, err := sandbox.DatabaseModules(binary)
		if has := slices.Contains(modules, "modernc.org/sqlite"); err != nil || has != (tags != "") || len(modules) > 1 {
			t.Errorf("tags %q: it carries %q, %v", tags, modules, err)
		}
	}
}

func TestTablesOfServers(t *testing.T) {
	_, run := cli(t, "postgres,mysql")
	for _, s := range []*testserver.Server{testserver.Postgres(t), testserver.MariaDB(t)} {
		cfg := s.Config()
		create(t, cfg)
		address := fmt.Sprintf("%s://%s@%s:%d/%s", cfg.Dialect, url.UserPassword(cfg.User, cfg.Password.Reveal()), cfg.Host, cfg.Port, cfg.Database)
		if got := strings.Split(run(address), "\n"); !slices.Contains(got, "cli_example") {
			t.Errorf("%s: got %q", cfg.Dialect, got)
		}
	}
}

func create(t *testing.T, cfg conn.Config) {
	t.Helper()
	db, err := conn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("create table cli_example (a int)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.Exec("drop table cli_example")
		if closed := db.Close(); err != nil || closed != nil {
			t.Error(err, closed)
		}
	})
}

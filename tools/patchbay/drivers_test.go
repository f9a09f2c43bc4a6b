package main

import (
	"encoding/json"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

func list(t *testing.T, binary string) program {
	t.Helper()
	got := finish(t, exec.Command(binary, "drivers", "--json"))
	var p program
	if err := json.Unmarshal([]byte(got.out), &p); err != nil || got.status != 0 || got.err != "" {
		t.Fatalf("got %v, %+v", err, got)
	}
	return p
}

// moduleVersion is what the go command says of a module, which is not asked of the binary.
func moduleVersion(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestDriversTellWhatIsLinked(t *testing.T) {
	for _, tags := range []string{"", "sqlite", "mysql,postgres", registry.TagAll} {
		t.Run("tags "+tags, func(t *testing.T) {
			p := list(t, build(t, tags))
			if want := runtime.GOOS + "/" + runtime.GOARCH; p.Platform != want || p.Go != runtime.Version() {
				t.Errorf("got %s, %s", p.Platform, p.Go)
			}
			set := strings.FieldsFunc(tags, func(c rune) bool { return c == ',' })
			if !slices.Equal(p.Tags, set) {
				t.Errorf("got the tags %q", p.Tags)
			}
			known := registry.Known()
			if len(p.Drivers) != len(known) {
				t.Fatalf("got %d drivers, want %d", len(p.Drivers), len(known))
			}
			for _, d := range p.Drivers {
				info, ok := registry.Describe(d.Dialect)
				if !ok || d.Tag != info.Tag || d.Import != info.Import || d.Module != info.Module || d.Port != info.Port || !slices.Equal(d.Aliases, info.Aliases) {
					t.Errorf("got %+v, want %+v", d.Info, info)
				}
				linked := tags == registry.TagAll || slices.Contains(set, d.Tag)
				version, missing := "", ""
				if linked {
					version = moduleVersion(t, d.Module)
				} else if missing = "missing driver for " + d.Dialect + ": rebuild with -tags " + d.Tag; tags != "" {
					missing += " (all tags: -tags " + tags + "," + d.Tag + ")"
				}
				if d.Linked != linked || d.Version != version || d.Missing != missing {
					t.Errorf("%s: linked %v in version %q, missing %q; want %v, %q, %q", d.Dialect, d.Linked, d.Version, d.Missing, linked, version, missing)
				}
			}
		})
	}
}

func TestDriversForReading(t *testing.T) {
	got := finish(t, exec.Command(build(t, "sqlite"), "drivers"))
	if got.status != 0 || got.err != "" {
		t.Fatalf("got %+v", got)
	}
	for _, want := range [][]string{
		{"DIALECT", "LINKED", "TAG", "PORT", "ALIASES", "MODULE", "VERSION", "IMPORT"},
		{"sqlite", "yes", "sqlite", "-", "sqlite3", "modernc.org/sqlite", moduleVersion(t, "modernc.org/sqlite"), "github.com/patchbay-go/patchbay/drivers/sqlite"},
		{"mysql", "no", "mysql", "3306", "mariadb,tidb,vitess", "github.com/go-sql-driver/mysql", "-", "github.com/patchbay-go/patchbay/drivers/mysql"},
	} {
		if !slices.ContainsFunc(strings.Split(got.out, "\n"), func(line string) bool { return slices.Equal(strings.Fields(line), want) }) {
			t.Errorf("no line with %q in\n%s", want, got.out)
		}
	}
	if !strings.Contains(got.out, "\nmissing driver for mysql: rebuild with -tags mysql (all tags: -tags sqlite,mysql)\n") {
		t.Errorf("no cure in\n%s", got.out)
	}
}

// A missing driver is told by every command, with status 2: nothing was tried.
func TestAMissingDriver(t *testing.T) {
	binary := build(t, "")
	url := "postgres://app:" + secret + "@localhost/shop"
	const want = "missing driver for postgres: rebuild with -tags postgres\n"
	expect(t, finish(t, exec.Command(binary, "query", url, "select 1")), ran{
		status: 2, err: "patchbay: " + want,
	})
	expect(t, finish(t, exec.Command(binary, "ping", url)), ran{
		status: 2, out: "fail  postgres://app@localhost/shop  config: " + want,
	})
	// A tag that is nearly right is named.
	expect(t, finish(t, exec.Command(build(t, "postgers"), "query", url, "select 1")), ran{
		status: 2, err: `rebuild with -tags postgres (this build has the tag "postgers", perhaps a typing mistake`,
	})
	got := finish(t, exec.Command(binary, "ping", url, "--json"))
	var results []result
	if err := json.Unmarshal([]byte(got.out), &results); err != nil || got.status != 2 || got.err != "" || len(results) != 1 ||
		results[0].Kind != "config" || results[0].Attempts != 0 || results[0].Error != strings.TrimSpace(want) {
		t.Errorf("got %+v", got)
	}
	expect(t, finish(t, exec.Command(binary, "ping", "--wait=1h", url)), ran{status: 2, out: "fail  postgres://app@localhost/shop  config: " + want})
}

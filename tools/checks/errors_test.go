package checks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/tools/internal/wasip1"
)

// Each row of the table of errors in docs/errors.md has a program here that prints the words of the row, where "…" stands
// for anything, and nothing after them.
func TestErrorsOfTheDocumentation(t *testing.T) {
	t.Parallel()
	imports, bare := newProgram(t, opener, driver("postgres"), driver("sqlite")), newProgram(t, opener)
	untagged, mistyped := imports.Build(t, ""), imports.Build(t, "postgers")
	withSQLite, withPostgres := imports.Build(t, "sqlite"), imports.Build(t, "postgres")
	says := func(binary string, args ...string) func(*testing.T) string {
		return func(t *testing.T) string { return run(t, imports, binary, args...) }
	}
	const sqlite, postgres = "sqlite::memory:", "postgres://app@localhost/shop"
	programs := map[string]func(*testing.T) string{
		`unsupported dialect "postgrs": did you mean "postgres"? use …`:                                           says(untagged, "postgrs://app@localhost/shop"),
		`missing driver for postgres: rebuild with -tags postgres`:                                                says(untagged, postgres),
		`missing driver for postgres: rebuild with -tags postgres (all tags: -tags sqlite,postgres)`:              says(withSQLite, postgres),
		`missing driver for postgres: rebuild with -tags postgres (this build has the tag "postgers", perhaps …)`: says(mistyped, postgres),
		`missing driver for postgres: built with its tag, but nothing imports it: import _ "…"`:                   says(bare.Build(t, "postgres"), postgres),
		`missing driver for postgres: rebuild with -tags postgres and import _ "…"`:                               says(bare.Build(t, ""), postgres),
		`missing driver for sqlite: linked into the program, but not in this Registry: …`:                         says(withSQLite, sqlite, "own"),
		`config: pool.min is 5, more than pool.max, which is 2: …`:                                                says(untagged, postgres+"?pool.min=5&pool.max=2"),
		`missing driver for sqlite: its database module does not support the platform …: build for another, …`: func(t *testing.T) string {
			out, err := wasip1.Run(t.Context(), imports.With("GOOS="+wasip1.GOOS, "GOARCH="+wasip1.GOARCH).Build(t, "sqlite"), sqlite)
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSpace(out)
		},
		`… connection refused; check that the database server is running, and host and port`: func(t *testing.T) string {
			port, err := testport.Pick()
			if err != nil {
				t.Fatal(err)
			}
			return run(t, imports, withPostgres, fmt.Sprintf("postgres://app@127.0.0.1:%d/shop?retry.max=-1", port))
		},
		`…; verify user and password: …`: func(t *testing.T) string {
			cfg := testserver.Postgres(t).Config()
			cfg.User = "nobody"
			return run(t, imports, withPostgres, strings.Replace(cfg.String(), "[redacted]", "wrong", 1))
		},
	}
	table := section(t, document(t, "docs", "errors.md"), "What opening says")
	var rows []string
	for _, m := range tableRow.FindAllStringSubmatch(table, -1) {
		rows = append(rows, m[1])
		program, ok := programs[m[1]]
		if !ok {
			t.Errorf("no program prints %s", m[1])
			continue
		}
		t.Run(m[1], func(t *testing.T) {
			words := strings.ReplaceAll(regexp.QuoteMeta(m[1]), "…", ".*")
			if out := program(t); !regexp.MustCompile(`^(?:\S+ \S+: )?` + words + `$`).MatchString(out) {
				t.Errorf("got %s", out)
			}
		})
	}
	for words := range programs {
		if !slices.Contains(rows, words) {
			t.Errorf("docs/errors.md has no row for %s", words)
		}
	}
}

// tableRow is a row of a table of errors.
var tableRow = regexp.MustCompile("(?m)^\\| `(.*?)` \\|.*$")

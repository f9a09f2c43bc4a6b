package checks

import (
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// What the README's table does not have, a program says as well: see [TestErrorsOfTheReadme].
func TestMissingDriverBesideOtherTags(t *testing.T) {
	t.Parallel()
	programs := map[string]*sandbox.Program{
		"nothing":  newProgram(t, opener),
		"mysql":    newProgram(t, opener, driver("mysql")),
		"postgres": newProgram(t, opener, driver("postgres"), driver("mysql")),
	}
	const (
		url        = "postgres://localhost/"
		rebuild    = "missing driver for postgres: rebuild with -tags postgres"
		importLine = `import _ "github.com/patchbay-go/patchbay/drivers/postgres"`
	)
	for name, c := range map[string]struct {
		imports string
		tags    string
		want    string
	}{
		"tag absent":              {"postgres", "mysql,netgo", rebuild + " (all tags: -tags mysql,netgo,postgres)"},
		"tag mistyped":            {"postgres", "mysql,Postgres", rebuild + ` (this build has the tag "Postgres", perhaps a typing mistake; all tags: -tags mysql,postgres)`},
		"all tag mistyped":        {"postgres", "alldriver", rebuild + ` (this build has the tag "alldriver", perhaps a typing mistake)`},
		"another's tag set":       {"postgres", "sqlite", rebuild + " (all tags: -tags sqlite,postgres)"},
		"both absent":             {"mysql", "netgo", rebuild + " (all tags: -tags netgo,postgres) and " + importLine},
		"both, and a typo":        {"mysql", "postgers", rebuild + ` (this build has the tag "postgers", perhaps a typing mistake) and ` + importLine},
		"beside a driver":         {"mysql", "mysql", rebuild + " (all tags: -tags mysql,postgres) and " + importLine},
		"nothing imported":        {"nothing", "netgo", rebuild + " and " + importLine},
		"nothing imported, a tag": {"nothing", "postgres", rebuild + " and " + importLine},
	} {
		program := programs[c.imports]
		if out := run(t, program, program.Build(t, c.tags), url); !strings.HasSuffix(out, ": "+c.want) {
			t.Errorf("%s:\n got %s\nwant %s", name, out, c.want)
		}
	}
}

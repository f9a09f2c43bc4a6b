package checks

import (
	"testing"
)

// What the README's table does not have, a program says as well: see [TestErrorsOfTheReadme].
func TestMissingDriverBesideOtherTags(t *testing.T) {
	t.Parallel()
	neither := newProgram(t, opener)
	imported := newProgram(t, opener, driver("postgres"), driver("mysql"))
	const (
		url        = "postgres://localhost/"
		rebuild    = "missing driver for postgres: rebuild with -tags postgres"
		importLine = `import _ "github.com/patchbay-go/patchbay/drivers/postgres"`
	)
	for name, c := range map[string]struct {
		imports bool
		tags    string
		want    string
	}{
		"tag absent":        {true, "mysql,netgo", rebuild + " (all tags: -tags mysql,netgo,postgres)"},
		"tag mistyped":      {true, "mysql,Postgres", rebuild + ` (this build has the tag "Postgres", perhaps a typing mistake; all tags: -tags mysql,postgres)`},
		"both absent":       {false, "netgo", rebuild + " (all tags: -tags netgo,postgres) and " + importLine},
		"import absent":     {false, "alldrivers", "missing driver for postgres: built with its tag, but nothing imports it: " + importLine},
		"all tag mistyped":  {true, "alldriver", rebuild + ` (this build has the tag "alldriver", perhaps a typing mistake)`},
		"both, and a typo":  {false, "postgers", rebuild + ` (this build has the tag "postgers", perhaps a typing mistake) and ` + importLine},
		"another's tag set": {true, "sqlite", rebuild + " (all tags: -tags sqlite,postgres)"},
	} {
		program := neither
		if c.imports {
			program = imported
		}
		if out := run(t, program, program.Build(t, c.tags), url); out != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, out, c.want)
		}
	}
}

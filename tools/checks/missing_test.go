package checks

import (
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// opener opens what its argument says and prints the error.
const opener = `package main

import (
	"context"
	"fmt"
	"os"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
IMPORTS
)

func main() {
	opts := []conn.Option{conn.WithRetry(conn.Retry{Max: -1})}
	if len(os.Args) > 2 {
		opts = append(opts, conn.WithRegistry(new(registry.Registry)))
	}
	db, err := conn.OpenURL(context.Background(), os.Args[1], opts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("opened", db.Dialect())
	if err := db.Close(); err != nil {
		fmt.Println(err)
	}
}
`

func newOpener(t *testing.T, dialects ...string) *sandbox.Program {
	t.Helper()
	p := sandbox.New(t)
	var imports strings.Builder
	for _, d := range dialects {
		imports.WriteString("\t_ \"" + sandbox.Library + "/drivers/" + d + "\"\n")
	}
	p.Write(t, "main.go", strings.Replace(opener, "IMPORTS", imports.String(), 1))
	p.MustGo(t, "mod", "tidy")
	return p
}

func TestMissingDriverInEachOfItsCauses(t *testing.T) {
	t.Parallel()
	neither := newOpener(t)
	imported := newOpener(t, "sqlite", "mysql")
	const (
		url        = "sqlite::memory:"
		rebuild    = "missing driver for sqlite: rebuild with -tags sqlite"
		importLine = `import _ "github.com/patchbay-go/patchbay/drivers/sqlite"`
	)
	for name, c := range map[string]struct {
		program *sandbox.Program
		tags    string
		args    []string
		want    string
	}{
		"tag absent":              {imported, "", []string{url}, rebuild},
		"tag absent, others set":  {imported, "mysql,netgo", []string{url}, rebuild + " (all tags: -tags mysql,netgo,sqlite)"},
		"import absent":           {neither, "sqlite", []string{url}, "missing driver for sqlite: built with its tag, but nothing imports it: " + importLine},
		"both absent":             {neither, "", []string{url}, rebuild + " and " + importLine},
		"both absent, others set": {neither, "mysql", []string{url}, rebuild + " (all tags: -tags mysql,sqlite) and " + importLine},
		"tag mistyped": {
			imported, "sqlit",
			[]string{url},
			rebuild + ` (this build has the tag "sqlit", perhaps a typing mistake; all tags: -tags sqlite)`,
		},
		"another registry": {imported, "sqlite", []string{url, "own"}, "missing driver for sqlite: linked into the program, but not in this Registry: "},
		"linked":           {imported, "sqlite", []string{url}, "opened sqlite"},
		"linked by all":    {imported, "alldrivers", []string{url}, "opened sqlite"},
		"unknown":          {imported, "", []string{"sqlit://x"}, `unsupported dialect "sqlit": did you mean "sqlite"? use postgres, mysql, sqlite or mssql`},
	} {
		out := strings.TrimSpace(c.program.Output(t, c.tags, c.args...))
		if !strings.HasSuffix(out, c.want) && !(strings.HasSuffix(c.want, ": ") && strings.Contains(out, c.want)) {
			t.Errorf("%s:\n got %s\nwant %s", name, out, c.want)
		}
	}
}

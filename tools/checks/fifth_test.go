package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// ledger is the driver of a dialect that does not come with Patchbay: a database that answers 1 to everything.
const ledger = `package ledger

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(Driver()) }

func Driver() registry.Driver { return dialect{} }

type dialect struct{}

func (dialect) Info() registry.Info {
	if info, known := registry.Describe("ledger"); known {
		return info
	}
	return registry.Info{Dialect: "ledger", Aliases: []string{"daybook"}}
}

func (dialect) Connector(registry.Config, registry.Env) (driver.Connector, error) { return connector{}, nil }
func (dialect) Diagnose(error) registry.Diagnosis                                 { return registry.Diagnosis{} }

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return session{}, nil }
func (connector) Driver() driver.Driver                        { return nil }

type session struct{}

func (session) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (session) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (session) Close() error                        { return nil }
func (session) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return new(answer), nil
}

type answer struct{ told bool }

func (*answer) Columns() []string { return []string{"answer"} }
func (*answer) Close() error      { return nil }
func (a *answer) Next(row []driver.Value) error {
	if a.told {
		return io.EOF
	}
	a.told, row[0] = true, int64(1)
	return nil
}
`

// A dialect of a program's own needs no change to Patchbay, and is listed beside the others.
func TestDialectFromOutside(t *testing.T) {
	t.Parallel()
	p := sandbox.New(t)
	p.Write(t, "ledger/ledger.go", ledger)
	writeMain(t, p, chooser, "example.org/program/ledger", driver("mysql"))
	p.MustGo(t, "mod", "tidy")
	got := run(t, p, p.Build(t, "mysql"), "ledger://localhost/a", "daybook://localhost/a", "oracle://localhost/a")
	want := "can open ledger [daybook]\ncan open mysql [mariadb tidb vitess]\n" + couldOpen("mysql", false) + strings.Join([]string{
		"opened ledger <nil>",
		"opened ledger <nil>",
		"never heard of oracle [" + strings.Join(dialects(registry.Known()), " ") + " ledger]",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A dialect that comes with Patchbay is one row and one package: with these two added to the library, a program
// can be told about it as about the others.
func TestDialectFromWithinIsOneRowAndOnePackage(t *testing.T) {
	t.Parallel()
	root, err := sandbox.Root()
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(filepath.Join(root, "registry", "known.go"))
	if err != nil {
		t.Fatal(err)
	}
	const row = "\t{Dialect: \"ledger\", Aliases: []string{\"daybook\"}, Tag: \"ledger\", Import: drivers + \"ledger\", Port: 7}"
	const tagged, untagged = "//go:build ledger || alldrivers\n\n", "//go:build !(ledger || alldrivers)\n\n"
	proxy, err := sandbox.NewProxyWith(map[string]string{
		"registry/known.go": strings.Replace(string(table), "\n}\n", "\n"+row+",\n}\n", 1),
		"drivers/ledger/doc.go": "// Package ledger opens ledgers.\npackage ledger\n\nimport \"" + sandbox.Library + "/registry\"\n\n" +
			"func init() { registry.Register(linked) }\n",
		"drivers/ledger/link.go": tagged + "package ledger\n\nimport \"" + sandbox.Library + "/drivers/ledger/internal/ledger\"\n\n" +
			"var linked = ledger.Driver()\n",
		"drivers/ledger/stub.go": untagged + "package ledger\n\nimport \"" + sandbox.Library + "/registry\"\n\n" +
			"var linked = registry.Absent(\"ledger\")\n",
		"drivers/ledger/internal/ledger/ledger.go": ledger,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	p := proxy.Folder(t.TempDir())
	p.MustGo(t, "mod", "init", "example.org/program")
	writeMain(t, p, opener, driver("ledger"))
	p.MustGo(t, "mod", "tidy")
	const rebuild = "missing driver for ledger: rebuild with -tags ledger"
	for _, c := range []struct{ tags, url, want string }{
		{"", "daybook://localhost/a", rebuild},
		{"ledgre", "ledger://localhost/a", rebuild + ` (this build has the tag "ledgre", perhaps a typing mistake)`},
		{"ledger", "daybook://localhost/a", "opened ledger"},
		{"alldrivers", "ledger://localhost/a", "opened ledger"},
		{"", "leger://localhost/a", `unsupported dialect "leger": did you mean "ledger"? use ` + strings.Join(dialects(registry.Known()), ", ") + " or ledger"},
	} {
		if got := run(t, p, p.Build(t, c.tags), c.url); !strings.HasSuffix(got, c.want) {
			t.Errorf("tags %q, %s: got %s, want %s", c.tags, c.url, got, c.want)
		}
	}
}

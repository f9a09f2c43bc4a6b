package checks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
	"github.com/patchbay-go/patchbay/tools/internal/sandbox"
)

// neighbour uses the database modules itself, as it did before it knew Patchbay.
const neighbour = `package main

import (
	"context"
	"database/sql"
	"fmt"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/microsoft/go-mssqldb"
	_ "modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
IMPORTS
)

func main() {
	fmt.Println(sql.Drivers(), len(registry.Linked()))
	own, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		panic(err)
	}
	var answer int
	fmt.Println(own.QueryRow("select 6 * 7").Scan(&answer), answer, own.Close())
	db, err := conn.OpenURL(context.Background(), "sqlite::memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(db.QueryRow("select 7 * 7").Scan(&answer), answer, db.Close())
}
`

// A program that registers the same drivers with database/sql starts, and both ways work beside each other.
func TestProgramWithTheSameDatabaseModules(t *testing.T) {
	t.Parallel()
	p := newProgram(t, neighbour, sandbox.Library+"/drivers")
	for tags, want := range map[string]string{
		"": "[mssql mysql pgx pgx/v5 sqlite sqlserver] 0\n<nil> 42 <nil>\n" +
			`missing driver for sqlite: rebuild with -tags sqlite`,
		"mssql,mysql,postgres,sqlite": "[mssql mysql pgx pgx/v5 sqlite sqlserver] 4\n<nil> 42 <nil>\n<nil> 49 <nil>",
	} {
		if got := run(t, p, p.Build(t, tags)); got != want {
			t.Errorf("tags %q: got\n%s\nwant\n%s", tags, got, want)
		}
	}
}

// A library that is embedded in a program links the drivers that it needs, whatever the tags of the program are, and
// beside the packages that the program imports for itself.
func TestNativeDriversNeedNoTag(t *testing.T) {
	t.Parallel()
	p := newProgram(t, opener, driver("sqlite"), driver("sqlite/native"), driver("postgres"))
	for _, tags := range []string{"", "sqlite", registry.TagAll} {
		binary := p.Build(t, tags)
		if got := run(t, p, binary, "sqlite::memory:"); got != "opened sqlite" {
			t.Errorf("tags %q: got %s", tags, got)
		}
	}
	if got, want := run(t, p, p.Build(t, ""), "postgres://localhost/a"), "missing driver for postgres: rebuild with -tags postgres"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// chooser is a tool that lists what it can open and goes on without what it lacks.
const chooser = `package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/patchbay-go/patchbay/conn"
	"github.com/patchbay-go/patchbay/registry"
IMPORTS
)

func main() {
	for _, info := range registry.Linked() {
		fmt.Println("can open", info.Dialect, info.Aliases)
	}
	for _, info := range registry.Known() {
		var missing *registry.MissingDriverError
		if _, err := registry.Lookup(info.Dialect); errors.As(err, &missing) {
			fmt.Println("could open", info.Dialect, "with", missing.Tag, missing.Tags, missing.Cause == registry.MissingTag)
		}
	}
	for _, url := range os.Args[1:] {
		db, err := conn.OpenURL(context.Background(), url)
		var missing *registry.MissingDriverError
		var unsupported *registry.UnsupportedDialectError
		switch {
		case errors.As(err, &missing):
			fmt.Println("without", missing.Dialect)
		case errors.As(err, &unsupported):
			fmt.Println("never heard of", unsupported.Name, unsupported.Known)
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println("opened", db.Dialect(), db.Close())
		}
	}
}
`

// couldOpen is what chooser prints of the dialects that it lacks in a build with the tag of one dialect: whether
// the tag is all that they need depends on whether their packages are imported.
func couldOpen(tag string, tagIsAll bool) string {
	var lines strings.Builder
	for _, d := range dialects(registry.Known()) {
		if d != tag {
			fmt.Fprintf(&lines, "could open %[1]s with %[1]s [%[2]s %[1]s] %[3]v\n", d, tag, tagIsAll)
		}
	}
	return lines.String()
}

func TestToolThatGoesOnWithoutWhatItLacks(t *testing.T) {
	t.Parallel()
	p := newProgram(t, chooser, sandbox.Library+"/drivers")
	got := run(t, p, p.Build(t, "sqlite"), "pg://localhost/shop", "sqlite3::memory:", "oracle://localhost/shop")
	want := "can open sqlite [sqlite3]\n" + couldOpen("sqlite", true) + strings.Join([]string{
		"without postgres",
		"opened sqlite <nil>",
		"never heard of oracle [" + strings.Join(dialects(registry.Known()), " ") + "]",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

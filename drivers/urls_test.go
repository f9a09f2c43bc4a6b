package drivers_test

import (
	"os"
	"strings"
	"testing"

	_ "github.com/patchbay-go/patchbay/drivers/mssql/native"
	_ "github.com/patchbay-go/patchbay/drivers/mysql/native"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/internal/testdriver"
	"github.com/patchbay-go/patchbay/internal/testserver"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// The tables for users are those of the tests of the drivers.
func TestDocumentOfConnectionStrings(t *testing.T) {
	text, err := os.ReadFile("../docs/urls.md")
	if err != nil {
		t.Fatal(err)
	}
	_, said, _ := strings.Cut(string(text), "# Connection strings\n\n")
	if !strings.HasPrefix(said, "**No `sslmode`, `tls` or `encrypt` at all is plaintext**") {
		t.Error("docs/urls.md does not begin with what is plaintext")
	}
	total := 0
	for _, d := range []struct {
		heading, dialect string
		least            int
	}{
		{"PostgreSQL", "postgres", 20}, {"MySQL and MariaDB", "mysql", 15}, {"SQL Server", "mssql", 15}, {"SQLite", "sqlite", 10},
	} {
		rows := testdriver.ReadRows(t, d.dialect+"/testdata/urls.txt")
		if len(rows) < d.least {
			t.Errorf("%s has %d rows, want %d", d.heading, len(rows), d.least)
		}
		total += len(rows)
		table := "\n## " + d.heading + "\n\n| Where | As | Written | Becomes |\n|---|---|---|---|\n"
		for _, row := range rows {
			from, page, linked := strings.Cut(row.From, ": http")
			if linked {
				from = "[" + from + "](http" + page + ")"
			}
			want := "`" + row.Want + "`"
			if row.Err {
				want = "error: " + strings.TrimPrefix(row.Want, "config: ")
			}
			table += "| " + from + " | " + row.Kind + " | `" + row.Text + "` | " + want + " |\n"
		}
		if !strings.Contains(string(text), table) {
			t.Errorf("docs/urls.md lacks the table\n%s", table)
		}
	}
	if total < 60 {
		t.Errorf("there are %d connection strings, want 60", total)
	}
}

package registry

import (
	"slices"
)

const drivers = "github.com/patchbay-go/patchbay/drivers/"

// known is the one list of the dialects that come with Patchbay, which this package can name without
// importing any of them. A further one is a row here and a package under drivers; CONTRIBUTING.md names
// what is compared with them.
var known = []*Info{
	{
		Dialect: "postgres", Aliases: []string{"postgresql", "pg", "pgx", "cockroachdb", "yugabytedb"},
		Tag: "postgres", Import: drivers + "postgres", Module: "github.com/jackc/pgx/v5", Port: 5432,
	},
	{
		Dialect: "mysql", Aliases: []string{"mariadb", "tidb", "vitess"},
		Tag: "mysql", Import: drivers + "mysql", Module: "github.com/go-sql-driver/mysql", Port: 3306,
	},
	{
		Dialect: "sqlite", Aliases: []string{"sqlite3"},
		Tag: "sqlite", Import: drivers + "sqlite", Module: "modernc.org/sqlite", Files: true,
	},
	{
		Dialect: "mssql", Aliases: []string{"sqlserver", "azuresql"},
		Tag: "mssql", Import: drivers + "mssql", Module: "github.com/microsoft/go-mssqldb", Port: 1433,
	},
}

// dialects names them, for messages.
const dialects = "postgres, mysql, sqlite, mssql"

// TagAll is the build tag that links every driver that the program imports.
const TagAll = "alldrivers"

// Known returns the dialects that come with Patchbay, linked into the program or not. It tells their names and how
// to get their drivers; what else [Info] has, the driver itself knows.
func Known() []Info {
	all := make([]Info, len(known))
	for i, row := range known {
		all[i] = row.clone()
	}
	return all
}

// Describe returns the row of [Known] with this name or alias.
func Describe(name string) (info Info, ok bool) {
	if row := describe(name); row != nil {
		return row.clone(), true
	}
	return Info{}, false
}

func describe(name string) *Info {
	for _, row := range known {
		if row.answersTo(name) {
			return row
		}
	}
	return nil
}

// names returns the dialect and its aliases.
func (i *Info) names() []string { return append([]string{i.Dialect}, i.Aliases...) }

func (i *Info) answersTo(name string) bool {
	return name == i.Dialect || slices.Contains(i.Aliases, name)
}

// clone returns a copy that shares nothing with i.
func (i *Info) clone() Info {
	c := *i
	c.Aliases = slices.Clone(c.Aliases)
	return c
}

package registry

import "slices"

const drivers = "github.com/patchbay-go/patchbay/drivers/"

// known is the one list of the dialects that come with Patchbay, which this package can name without
// importing any of them. A further one is a row here and a package under drivers; CONTRIBUTING.md names
// what is compared with them.
var known = []Info{
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
		Tag: "sqlite", Import: drivers + "sqlite", Module: "modernc.org/sqlite",
	},
	{
		Dialect: "mssql", Aliases: []string{"sqlserver", "azuresql"},
		Tag: "mssql", Import: drivers + "mssql", Module: "github.com/microsoft/go-mssqldb", Port: 1433,
	},
}

// TagAll is the build tag that links every driver that the program imports.
const TagAll = "alldrivers"

// Known returns the dialects that come with Patchbay, linked into the program or not.
func Known() []Info {
	all := slices.Clone(known)
	for i := range all {
		all[i].own()
	}
	return all
}

// dialects names those that come with Patchbay, for messages.
func dialects() string {
	s := known[0].Dialect
	for i := range known[1:] {
		s += ", " + known[1+i].Dialect
	}
	return s
}

// Describe returns the description of the dialect that comes with Patchbay under this name or alias.
func Describe(name string) (info Info, ok bool) {
	if row := describe(name); row != nil {
		info, ok = *row, true
		info.own()
	}
	return info, ok
}

// describe returns the row of known, or nil.
func describe(name string) *Info {
	for i := range known {
		if known[i].answersTo(name) {
			return &known[i]
		}
	}
	return nil
}

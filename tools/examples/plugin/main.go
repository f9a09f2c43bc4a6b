// Plugin opens a dialect of its own beside those of Patchbay: "csv" is a file of comma-separated values as a table that can be
// read. Build it with -tags sqlite, whose database does the work, and write
//
//	plugin people.csv
package main

import (
	"context"
	"database/sql/driver"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"

	"modernc.org/sqlite"

	"github.com/patchbay-go/patchbay/registry"
)

func init() { registry.Register(dialect{}) }

// dialect is what Patchbay has to know of it: a registry.Driver.
type dialect struct{}

func (dialect) Info() registry.Info {
	return registry.Info{Dialect: "csv", Aliases: []string{"comma"}, Files: true, VersionQuery: "SELECT sqlite_version()"}
}

// Connector checks the config, and opens nothing yet.
func (dialect) Connector(cfg registry.Config, _ registry.Env) (driver.Connector, error) {
	if cfg.Filename == "" {
		return nil, &registry.ConfigError{Field: "filename", Problem: "is missing", Cure: "name the file, as in csv:people.csv"}
	}
	_, err := registry.CheckParams(cfg.Params)
	return connector{cfg.Filename}, err
}

// Diagnose says what an error means, where it can.
func (dialect) Diagnose(err error) registry.Diagnosis {
	if errors.Is(err, os.ErrNotExist) {
		return registry.Diagnosis{Kind: registry.KindCannotOpen, Hint: "check the name of the file"}
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == 8 { // SQLITE_READONLY
		return registry.Diagnosis{Kind: registry.KindReadOnly, Code: "8", Hint: "change the file itself"}
	}
	return registry.Diagnosis{}
}

type connector struct{ path string }

func (connector) Driver() driver.Driver { return new(sqlite.Driver) }

// Connect makes a database in memory with the file as its table "data".
func (c connector) Connect(ctx context.Context) (_ driver.Conn, err error) {
	file, err := os.Open(c.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, fmt.Errorf("read %s: %w", c.path, errors.Join(err, ctx.Err()))
	}
	opened, err := new(sqlite.Driver).Open(":memory:")
	if err != nil {
		return nil, err
	}
	to := opened.(driver.ExecerContext)
	names := make([]string, len(lines[0]))
	for i, name := range lines[0] {
		names[i] = registry.Info{}.QuoteName(name)
	}
	_, err = to.ExecContext(ctx, "create table data ("+strings.Join(names, ", ")+")", nil)
	places := strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
	for i := 1; i < len(lines) && err == nil; i++ {
		var values []driver.NamedValue
		for j, value := range lines[i] {
			values = append(values, driver.NamedValue{Ordinal: j + 1, Value: value})
		}
		_, err = to.ExecContext(ctx, "insert into data values ("+places+")", values)
	}
	if err == nil {
		_, err = to.ExecContext(ctx, "pragma query_only = on", nil)
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}
